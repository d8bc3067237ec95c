// Signals and standard input of a real process: what is asked of it arrives, by name
// and number, byte by byte.

import { expect, test } from "bun:test";
import { constants } from "node:os";
import { join } from "node:path";
import { until } from "../helpers/until.ts";

function start(fixture: string) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, fixture)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      text += decoder.decode(bytes, { stream: true });
    }
  })();
  return {
    child,
    printed: () => text,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      await reading;
    },
  };
}

test("each signal that ends us is told by name and number, and ends nothing by itself", async () => {
  await using run = start("tells-signals-fixture.ts");
  let expected = "ready\n";
  await until("it is ready", () => run.printed() === expected);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGINT"] as const) {
    run.child.kill(name);
    expected += `${name} ${constants.signals[name]}\n`;
    await until(`${name} was told`, () => run.printed() === expected);
  }
  expect(run.child.exitCode).toBe(null);
});

test("standard input arrives whole and its end is told once", async () => {
  await using run = start("counts-input-fixture.ts");
  await run.child.stdin.write("x".repeat(300_000));
  await run.child.stdin.flush();
  await run.child.stdin.write(new Uint8Array([0, 255, 10, 13]));
  await run.child.stdin.end();
  expect(await run.child.exited).toBe(0);
  await until("it has told", () => run.printed().endsWith("\n"));
  expect(run.printed()).toBe("300004 bytes, the last 00ff0a0d, 1 end\n");
});

test("input that is empty has an end as well", async () => {
  await using run = start("counts-input-fixture.ts");
  await run.child.stdin.end();
  expect(await run.child.exited).toBe(0);
  await until("it has told", () => run.printed().endsWith("\n"));
  expect(run.printed()).toBe("0 bytes, the last , 1 end\n");
});
