import { describe, expect, test } from "bun:test";
import { alive, start } from "./running.ts";

const answered = {
  subtype: "success",
  is_error: false,
  result: "The answer is 42.",
};

describe("a process", () => {
  test("hangs-silently has started, and prints nothing until it is killed", async () => {
    await using run = start("hangs-silently");
    await run.started();
    run.process.kill("SIGTERM");
    expect(await run.stdout()).toBe("");
    expect(await run.process.exited).toBe(143);
  });

  test("ignores-signals outlives SIGINT and SIGTERM", async () => {
    await using run = start("ignores-signals");
    await run.printed("init");
    run.process.kill("SIGINT");
    run.process.kill("SIGTERM");
    await Bun.sleep(100); // the fact is that nothing happens
    expect(run.process.exitCode).toBeNull();
    run.process.kill("SIGKILL");
    expect(await run.process.exited).toBe(137);
  });

  test("stops-on-sigint prints its result and exits with 0", async () => {
    await using run = start("stops-on-sigint");
    await run.printed("begun");
    run.process.kill("SIGINT");
    expect((await run.events()).at(-1)).toMatchObject({
      subtype: "error_during_execution",
      is_error: true,
    });
    expect(await run.process.exited).toBe(0);
  });

  test("hangs-with-a-grandchild ignores SIGTERM, and leaves the grandchild on SIGINT", async () => {
    await using run = start("hangs-with-a-grandchild");
    await run.printed("tool_use");
    run.process.kill("SIGTERM");
    await Bun.sleep(100); // the fact is that nothing happens
    expect(run.process.exitCode).toBeNull();
    run.process.kill("SIGINT");
    expect(await run.process.exited).toBe(130);
    expect((await run.grandchildren()).map(alive)).toEqual([true]);
  });

  test("leaves-a-grandchild ends its stdout, the grandchild lives on in another group", async () => {
    await using run = start("leaves-a-grandchild");
    expect((await run.events()).at(-1)).toMatchObject(answered);
    const [grandchild = 0] = await run.grandchildren();
    expect(alive(grandchild)).toBe(true);
    expect(process.kill(-grandchild, 0)).toBe(true); // it leads a group of its own
  });

  test("holds-stdout-open answers and exits, and its stdout ends with the grandchild only", async () => {
    await using run = start("holds-stdout-open");
    expect(await run.process.exited).toBe(0);
    const first = await Promise.race([
      run.stdout().then(() => "ended"),
      Bun.sleep(100).then(() => "open"),
    ]);
    expect(first).toBe("open");
    await run.killGrandchildren();
    expect((await run.events()).at(-1)).toMatchObject(answered);
  });
});
