// What the worker does while Claude runs and when it stops: progress, cancellation,
// floods, the end of its input. No process of a run is left afterwards.

import { describe, expect, test } from "bun:test";
import { compiled, fromSource } from "./piped.ts";
import { createSandbox } from "./sandbox.ts";
import { until } from "../helpers/until.ts";
import { type DrivenWorker, startWorker } from "./worker.ts";

const answer = "The answer is 42.";

describe.each([
  { way: "from source", command: fromSource },
  { way: "compiled", command: compiled },
])("a worker $way", ({ command }) => {
  test("reports progress of each operation before its answer, and none after", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers-slowly"),
    );
    await worker.execute(1, { prompt: "Why?" });
    expect(await worker.response(1)).toBe(answer);
    await worker.execute(2, { prompt: "And why not?" });
    expect(await worker.response(2)).toBe(answer);
    const kinds = worker
      .messages()
      .flatMap((each) => ("id" in each ? [`${each.kind} ${each.id}`] : []));
    expect([...new Set(kinds)]).toEqual([
      "accepted 1",
      "progress 1",
      "answer 1",
      "accepted 2",
      "progress 2",
      "answer 2",
    ]);
    const progress = worker.messages().find((each) => each.kind === "progress");
    expect(progress?.progress.elapsed_ms).toBeGreaterThanOrEqual(0);
    const told = worker
      .messages()
      .flatMap((each) => (each.kind === "progress" ? [each.progress] : []));
    expect(told.map(({ message }) => message).join("\n")).toContain("Read");
  });

  test("a cancelled operation is answered as cancelled, the others go on", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers-slowly"),
    );
    await worker.execute(1, { prompt: "one" });
    await worker.execute(2, { prompt: "two" });
    await sandbox.untilStarted(2);
    await worker.cancel(1);
    const outcome = await worker.answer(1);
    expect(outcome).toMatchObject({
      status: "fault",
      fault: { fault: { code: "cancelled", generation: 1 } },
    });
    expect(JSON.stringify(outcome)).toContain("no longer");
    expect(await worker.response(2)).toBe(answer);
    await sandbox.untilNoRuns();
  });

  test("cancelling an operation that is unknown or over changes nothing", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers"),
    );
    await worker.cancel(7);
    await worker.execute(1, { prompt: "one" });
    expect(await worker.response(1)).toBe(answer);
    await worker.cancel(1);
    await worker.execute(2, { prompt: "two" });
    expect(await worker.response(2)).toBe(answer);
    expect(kindsOf(worker, "complaint")).toBe(0);
  });

  test("an operation cancelled at once never leaves a run behind", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    await worker.execute(1, { prompt: "one" });
    await worker.cancel(1);
    expect(await worker.answer(1)).toMatchObject({
      status: "fault",
      fault: { fault: { code: "cancelled" } },
    });
    expect(await sandbox.runsLeft()).toEqual([]);
  });

  test("complains of an id that is in flight, and the first keeps its answer", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("echoes-prompt"),
    );
    await worker.execute(1, { prompt: "first" });
    await worker.execute(1, { prompt: "second" });
    expect(await worker.complaint(1)).toContain("1 is already in flight");
    expect(await worker.response(1)).toBe("first");
    expect(await sandbox.starts()).toHaveLength(1);
  });

  test.each(["noisy-stderr", "floods-stdout", "garbage-then-answers"] as const)(
    "prints nothing but protocol when Claude %s",
    async (name) => {
      await using sandbox = await createSandbox();
      await using worker = startWorker(
        sandbox,
        command,
        sandbox.environment(name),
      );
      await worker.execute(1, { prompt: "Why?" });
      expect(await worker.response(1)).toBe(answer);
      worker.piped.closeStdin();
      expect(await worker.piped.exited).toBe(0);
      expect(await worker.piped.rest()).toBe("");
      expect(worker.piped.stderr()).toBe("");
      expect(worker.messages()[0]?.kind).toBe("hello");
    },
  );

  test("a farewell stops the runs, answers them, and exits with 0", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    for (const id of [1, 2, 3]) await worker.execute(id, { prompt: `n ${id}` });
    await until("three grandchildren live", () => {
      return sandbox.grandchildren().length === 3;
    });
    await worker.end("the session is over");
    worker.piped.closeStdin();
    expect(await worker.piped.exited).toBe(0);
    await sandbox.untilNothingRuns();
    await worker.piped.rest();
    for (const id of [1, 2, 3]) {
      expect(await worker.answer(id)).toMatchObject({
        status: "fault",
        fault: { fault: { code: "cancelled" } },
      });
    }
  });

  test("half a line at the end of its input is no operation", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers"),
    );
    await worker.hello();
    await worker.piped.write('{"kind":"execute","id":1,"oper');
    worker.piped.closeStdin();
    expect(await worker.complaint(1)).toContain("line is not JSON");
    expect(await worker.piped.exited).toBe(0);
    expect(await sandbox.starts()).toEqual([]);
  });

  test.each(["the end of its input", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"])(
    "%s alone ends it at once, its run goes on, and a successor answers it",
    async (end) => {
      await using sandbox = await createSandbox();
      const environment = sandbox.environment("answers-slowly", {
        FAKE_CLAUDE_MS: "1500",
      });
      await using worker = startWorker(sandbox, command, environment);
      const id = await worker.execute(1, { prompt: "Why?" });
      await sandbox.untilStarted(1);
      if (isSignal(end)) worker.piped.kill(end);
      else worker.piped.closeStdin();
      await worker.piped.exited;
      if (end !== "SIGKILL") expect(await worker.piped.exited).toBe(0);
      expect((await sandbox.runsLeft()).length).toBeGreaterThan(0);
      await worker.piped.rest();
      expect(kindsOf(worker, "answer")).toBe(0);

      await using successor = startWorker(sandbox, command, environment, 2);
      await successor.attach(1, id);
      expect(await successor.response(1)).toBe(answer);
      expect<string>((await successor.accepted(1)).consult_id).toBe(id);
      expect(await sandbox.starts()).toHaveLength(1);
    },
  );

  test("a consult that is attached to is answered to all, an unknown one is invalid", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "500" }),
    );
    const id = await worker.execute(1, { prompt: "Why?" });
    await worker.accepted(1);
    await worker.attach(2, id);
    await worker.attach(3, "c_0192f0e85b7c7d3a9c1e4f2a6b8d0c13");
    expect(await worker.response(1)).toBe(answer);
    expect(await worker.response(2)).toBe(answer);
    expect(await worker.answer(3)).toMatchObject({
      status: "fault",
      fault: { fault: { code: "invalid_input" } },
    });
    expect(await sandbox.starts()).toHaveLength(1);
  });
});

function isSignal(end: string): end is NodeJS.Signals {
  return end.startsWith("SIG");
}

function kindsOf(worker: DrivenWorker, kind: string): number {
  return worker.messages().filter((each) => each.kind === kind).length;
}
