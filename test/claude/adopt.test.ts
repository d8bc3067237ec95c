// A run whose runner died is gone on with, never started again: Claude is followed while
// it lives, its result read where it is there, and else the outcome is unknown.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { sessionIdOf } from "../../src/claude/command.ts";
import { isSameProcessAlive } from "../../src/sys/processes.ts";
import { abandonedRun } from "./abandoned.ts";
import { consulting, until } from "./consulting.ts";

const unknown =
  "Claude Code ended without a result while nobody watched, so what became of this consult is unknown: resume its session to go on, or ask again.";

/** Whether Claude's first words are in its spool. */
const hasBegun = (here: ReturnType<typeof consulting>) => () => {
  const [stdout] = new Bun.Glob("*/stdout.jsonl").scanSync({
    cwd: here.ports.paths.consults,
    absolute: true,
  });
  return stdout !== undefined && readFileSync(stdout, "utf8").includes("begun");
};

describe("an adopted run", () => {
  test("that goes on is followed to its answer, Claude started once", async () => {
    await using here = consulting({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "1500" },
    });
    const { id, spool, claude } = await abandonedRun(here);
    expect(isSameProcessAlive(claude)).toBe(true);
    const seen: (string | undefined)[] = [];
    const outcome = await here.drive(id, {
      onProgress: ({ activity }) => seen.push(activity),
    });
    expect(outcome).toMatchObject({
      status: "done",
      answer: { response: "The answer is 42.", consult_id: id },
    });
    // Its output is read from the first byte, whoever saw it before.
    expect(seen).toContain("Read part-1.ts");
    expect(spool.readOutcome()).toEqual(outcome);
    expect((await here.starts()).length).toBe(1);
    expect(await here.survivors()).toEqual([]);
  });

  test("that has ended meanwhile is answered from its result", async () => {
    await using here = consulting({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "400" },
    });
    const { id, claude } = await abandonedRun(here);
    await until("Claude has ended", () => !isSameProcessAlive(claude));
    expect((await here.drive(id)).status).toBe("done");
    expect((await here.starts()).length).toBe(1);
  });

  test("that ended with a failure is told as that failure", async () => {
    await using here = consulting({ program: "answers-slowly" });
    const { id, spool, claude } = await abandonedRun(here);
    await until("Claude has ended", () => !isSameProcessAlive(claude));
    const failure = { is_error: true, api_error_status: 529 };
    const text = readFileSync(spool.stdoutPath, "utf8")
      .split("\n")
      .map((line) =>
        line.includes('"type":"result"')
          ? JSON.stringify({ ...Object(JSON.parse(line)), ...failure })
          : line,
      )
      .join("\n");
    await Bun.write(spool.stdoutPath, text);
    expect(await here.drive(id)).toMatchObject({
      status: "failed",
      fault: { fault: { reason: "overloaded" } },
    });
  });

  test("that is gone without a result is unknown, with the session to resume", async () => {
    await using here = consulting({ program: "stops-on-sigint" });
    const { id, spool, claude } = await abandonedRun(here, {}, hasBegun(here));
    process.kill(claude.pid, "SIGKILL");
    await until("Claude is dead", () => !isSameProcessAlive(claude));
    const outcome = await here.drive(id);
    expect(outcome).toMatchObject({
      status: "failed",
      fault: {
        fault: {
          code: "outcome_unknown",
          class: "ambiguous_outcome",
          detail: unknown,
        },
        consult_id: id,
        session_id: sessionIdOf(id),
        partial_response: "begun",
      },
    });
    expect(spool.readOutcome()).toEqual(outcome);
    expect((await here.starts()).length).toBe(1);
  });

  test("that ended with an error of its own does not make up an exit code", async () => {
    await using here = consulting({ program: "stops-on-sigint" });
    const { id, claude } = await abandonedRun(here, {}, hasBegun(here));
    process.kill(claude.pid, "SIGINT");
    await until("Claude has ended", () => !isSameProcessAlive(claude));
    const outcome = await here.drive(id);
    if (outcome.status !== "failed") throw new Error("it has failed");
    expect(outcome.fault.fault.detail).toStartWith(
      "Claude Code ended with an error: [ede_diagnostic]",
    );
    expect(outcome.fault.session_id).toBe(sessionIdOf(id));
  });

  test("keeps the deadline that it had from the start", async () => {
    await using here = consulting({ program: "stops-on-sigint" });
    const { id, spool } = await abandonedRun(
      here,
      { timeout_s: 600 },
      hasBegun(here),
    );
    const run = spool.readRun();
    if (run === undefined) throw new Error("the run is on record");
    expect(run.deadline_unix_ms - run.started_unix_ms).toBe(600_000);
    // As if ten minutes had gone by: to the successor, whose own clock starts now.
    const later = await here.driveLater(id, 600_000);
    expect(later).toMatchObject({
      status: "failed",
      fault: {
        fault: {
          code: "timeout",
          detail:
            "Claude Code did not finish within 600 s and was stopped: raise timeout_s, ask a narrower question, or resume the session to go on.",
        },
        session_id: sessionIdOf(id),
      },
    });
    expect(await here.survivors()).toEqual([]);
  });

  test("is stopped by a cancellation, politely, with its envelope", async () => {
    await using here = consulting({ program: "stops-on-sigint" });
    const { id, spool } = await abandonedRun(here);
    const controller = new AbortController();
    const outcome = await here.drive(id, {
      signal: controller.signal,
      onProgress: ({ textLength }) => {
        if (textLength > 0) controller.abort("The client cancelled.");
      },
    });
    expect(outcome).toMatchObject({
      status: "cancelled",
      fault: { partial_response: "begun", session_id: sessionIdOf(id) },
    });
    expect(readFileSync(spool.stdoutPath, "utf8")).toContain(
      '"subtype":"error_during_execution"',
    );
    expect(await here.survivors()).toEqual([]);
  });

  test("has no more than its whole time, though the clock was set back", async () => {
    await using here = consulting({ program: "stops-on-sigint" });
    const { id } = await abandonedRun(here, { timeout_s: 3 }, hasBegun(here));
    expect(await here.driveLater(id, -86_400_000)).toMatchObject({
      status: "failed",
      fault: { fault: { code: "timeout" } },
    });
  });

  test("does not take what Claude left behind for Claude, and ends it", async () => {
    await using here = consulting({
      program: "hangs-with-a-grandchild",
      environment: { PHONE_OPUS_STOP_GRACE_S: "0.2" },
    });
    const hasGrandchild = async () => (await here.grandchildren()).length > 0;
    // Followed as Claude, its child would live to this limit.
    const request = { timeout_s: 8 };
    const { id, claude } = await abandonedRun(here, request, hasGrandchild);
    process.kill(claude.pid, "SIGKILL");
    await until("Claude is dead", () => !isSameProcessAlive(claude));
    expect(await here.drive(id)).toMatchObject({
      fault: { fault: { code: "outcome_unknown" } },
    });
    expect(await here.survivors()).toEqual([]);
  });
});

describe("a process that is not on record", () => {
  test("is found by its marker and followed", async () => {
    await using here = consulting({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "1500" },
    });
    const { id, spool, claude } = await abandonedRun(here);
    const run = spool.readRun();
    if (run === undefined) throw new Error("the run is on record");
    const { process: _, ...intent } = run;
    spool.recordRun(intent);
    const outcome = await here.drive(id);
    expect(outcome.status).toBe("done");
    expect(isSameProcessAlive(claude)).toBe(false);
    expect((await here.starts()).length).toBe(1);
  });

  test("but has begun to write is not started again", async () => {
    await using here = consulting({ program: "answers" });
    const { id, spool } = here.accepted();
    spool.recordRun({
      claude_path: "claude",
      claude_version: "2.1.329",
      arguments: [],
      started_unix_ms: 1,
      deadline_unix_ms: Date.now() + 60_000,
    });
    await Bun.write(spool.stdoutPath, "");
    expect(await here.drive(id)).toMatchObject({
      fault: { fault: { code: "outcome_unknown" } },
    });
    expect(await here.starts()).toEqual([]);
  });

  test("and wrote nothing was never started: it is now", async () => {
    await using here = consulting({ program: "answers" });
    const { id, spool } = here.accepted();
    spool.recordRun({
      claude_path: "claude",
      claude_version: "2.1.329",
      arguments: [],
      started_unix_ms: 1,
      deadline_unix_ms: 2,
    });
    expect((await here.drive(id)).status).toBe("done");
    expect((await here.starts()).length).toBe(1);
  });
});

test.each([
  ["in somebody's group", false],
  ["that leads a session, as Claude did,", true],
])(
  "a reused pid %s is not taken for Claude, and not signalled",
  async (_, detached) => {
    await using here = consulting({ program: "stops-on-sigint" });
    const { id, spool, claude } = await abandonedRun(here);
    process.kill(claude.pid, "SIGKILL");
    await until("Claude is dead", () => !isSameProcessAlive(claude));
    await using stranger = Bun.spawn(["sleep", "300"], {
      stdin: "ignore",
      detached,
    });
    const run = spool.readRun();
    if (run === undefined) throw new Error("the run is on record");
    const process_ = { pid: stranger.pid, start_time: claude.start_time };
    spool.recordRun({ ...run, process: process_ });
    expect(await here.drive(id)).toMatchObject({
      fault: { fault: { code: "outcome_unknown" } },
    });
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  },
);
