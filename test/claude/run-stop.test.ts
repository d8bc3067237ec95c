// Runs that somebody ends: cancelled, past a limit, or done but unwilling to leave. The
// outcome says so, what was written is kept, and no process of the run is left.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { sessionIdOf } from "../../src/claude/command.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { spawnOnFiles, type SpawnOnFiles } from "../../src/sys/spawn.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { consulting, temporaryDirectory, until } from "./consulting.ts";
import { matching } from "./matching.ts";
import { resultLine, shellClaude } from "./shell-claude.ts";

type Here = ReturnType<typeof consulting>;

/** Asks, and cancels as soon as Claude is where the test wants it. */
async function cancelled(here: Here, fact: () => boolean | Promise<boolean>) {
  const controller = new AbortController();
  const asked = here.ask({ signal: controller.signal });
  await until("Claude is where it is wanted", fact);
  controller.abort("The client cancelled.");
  return asked;
}

const shortGrace = { PHONE_OPUS_STOP_GRACE_S: "0.1" };

function stoppedBy(code: string, detail: string) {
  return { fault: { fault: { code, detail } } };
}

describe("a cancelled run", () => {
  const cancel = stoppedBy("cancelled", "The client cancelled.");

  test("ends politely where Claude lets it, with the session and the text so far", async () => {
    await using here = consulting({ program: "stops-on-sigint" });
    let written = 0;
    const controller = new AbortController();
    const { id, outcome, spool } = await here.ask({
      signal: controller.signal,
      onProgress: ({ textLength }) => {
        written = textLength;
        if (written > 0) controller.abort("The client cancelled.");
      },
    });
    expect(outcome).toMatchObject({
      ...cancel,
      status: "cancelled",
      fault: { session_id: sessionIdOf(id), partial_response: "begun" },
    });
    expect(spool.readOutcome()).toEqual(outcome);
    // The envelope that only a polite end prints.
    expect(await Bun.file(spool.stdoutPath).text()).toContain(
      '"subtype":"error_during_execution"',
    );
    expect(await here.survivors()).toEqual([]);
  });

  test("ends by force where Claude ignores signals", async () => {
    await using here = consulting({
      program: "ignores-signals",
      environment: shortGrace,
    });
    const isStarted = async () => (await here.starts()).length === 1;
    const { outcome } = await cancelled(here, isStarted);
    expect(outcome).toMatchObject({ ...cancel, status: "cancelled" });
    expect(await here.survivors()).toEqual([]);
  });

  test("leaves no grandchild, although Claude itself left at once", async () => {
    await using here = consulting({ program: "hangs-with-a-grandchild" });
    const hasGrandchild = async () => (await here.grandchildren()).length > 0;
    const { outcome } = await cancelled(here, hasGrandchild);
    expect(outcome).toMatchObject({ ...cancel, status: "cancelled" });
    expect((await here.grandchildren()).length).toBe(1);
    expect(await here.survivors()).toEqual([]);
  });

  /** Counts starts itself: a process ended at once leaves no other trace. */
  function counting() {
    const commands: (readonly string[])[] = [];
    const spawn: SpawnOnFiles = (request) => {
      commands.push(request.command);
      return spawnOnFiles(request);
    };
    return { commands, spawn };
  }

  test("that was cancelled before its start never starts", async () => {
    const { commands, spawn } = counting();
    await using here = consulting({ program: "answers", ports: { spawn } });
    const { outcome } = await here.ask({
      signal: AbortSignal.abort("The client cancelled."),
    });
    expect(outcome).toMatchObject({ ...cancel, status: "cancelled" });
    expect(commands).toEqual([]);
  });

  test("that was cancelled while the version was asked never starts", async () => {
    const { commands, spawn } = counting();
    const controller = new AbortController();
    await using here = consulting({
      program: "answers",
      ports: {
        spawn,
        askVersion: () => {
          controller.abort("The client cancelled.");
          return Promise.resolve("2.1.329");
        },
      },
    });
    const { outcome } = await here.ask({ signal: controller.signal });
    expect(outcome).toMatchObject({ ...cancel, status: "cancelled" });
    expect(commands).toEqual([]);
  });
});

describe("a run past its time", () => {
  test.each([
    ["hangs-silently", "0.3"],
    ["ignores-signals", "0.1"],
    ["hangs-with-a-grandchild", "0.3"],
  ] as const)(
    "by %s is stopped, with timeout_s in the sentence",
    async (program: FakeClaudeName, grace: string) => {
      await using here = consulting({
        program,
        environment: { PHONE_OPUS_STOP_GRACE_S: grace },
      });
      const { outcome } = await here.ask({ request: { timeout_s: 1.5 } });
      expect(outcome).toMatchObject({
        ...stoppedBy(
          "timeout",
          "Claude Code did not finish within 1.5 s and was stopped: raise timeout_s, ask a narrower question, or resume the session to go on.",
        ),
        status: "failed",
      });
      expect(await here.survivors()).toEqual([]);
    },
  );

  test("of the settings is stopped the same way", async () => {
    await using here = consulting({
      program: "hangs-silently",
      environment: { PHONE_OPUS_TIMEOUT_S: "0.5" },
    });
    expect<unknown>((await here.ask()).outcome).toMatchObject({
      fault: {
        fault: {
          detail: matching(/did not finish within 0\.5 s/),
        },
      },
    });
  });
});

describe("a run without a sign of life", () => {
  test("is stopped", async () => {
    await using here = consulting({
      program: "ignores-signals",
      environment: { ...shortGrace, PHONE_OPUS_IDLE_TIMEOUT_S: "1" },
    });
    expect((await here.ask()).outcome).toMatchObject(
      stoppedBy(
        "timeout",
        "Claude Code gave no sign of life for 1 s and was stopped: resume the session to go on, or ask again.",
      ),
    );
    expect(await here.survivors()).toEqual([]);
  });

  test("is none while events come", async () => {
    await using here = consulting({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "3000", PHONE_OPUS_IDLE_TIMEOUT_S: "2" },
    });
    expect((await here.ask()).outcome.status).toBe("done");
  });
});

describe("a run that writes too much", () => {
  const tooMuch = stoppedBy(
    "timeout",
    "Claude Code wrote more than 65536 bytes and was stopped: ask a narrower question, or raise PHONE_OPUS_MAX_OUTPUT_BYTES.",
  );

  test.each(["", " >&2"])("is stopped (%j)", async (where) => {
    using directory = temporaryDirectory();
    const line = JSON.stringify({ type: "flood", text: "x".repeat(200) });
    const path = shellClaude(
      `${directory.path}/claude`,
      `trap '' INT TERM; while :; do echo '${line}'${where}; done`,
    );
    await using here = consulting({
      program: { path },
      environment: { ...shortGrace, PHONE_OPUS_MAX_OUTPUT_BYTES: "65536" },
    });
    expect((await here.ask()).outcome).toMatchObject(tooMuch);
    expect(await here.survivors()).toEqual([]);
  });

  test("is answered all the same where its answer came before the check", async () => {
    await using here = consulting({
      program: "floods-stdout",
      environment: { PHONE_OPUS_MAX_OUTPUT_BYTES: "65536" },
      ports: {
        clock: {
          ...systemClock,
          // The check of the size alone never comes.
          after: (ms, callback) =>
            ms === 1000 ? () => {} : systemClock.after(ms, callback),
        },
      },
    });
    expect((await here.ask()).outcome.status).toBe("done");
  });
});

describe("a run that answered and stays", () => {
  test("is ended after the grace, and its answer is one", async () => {
    using directory = temporaryDirectory();
    const path = shellClaude(
      `${directory.path}/claude`,
      `echo '${resultLine("42, for ever")}'; trap '' INT TERM; sleep 300 & while :; do wait; done`,
    );
    await using here = consulting({
      program: { path },
      environment: shortGrace,
    });
    const { outcome, spool } = await here.ask();
    expect(outcome).toMatchObject({
      status: "done",
      answer: { response: "42, for ever" },
    });
    expect(existsSync(spool.directory)).toBe(true);
    expect(await here.survivors()).toEqual([]);
  });
});
