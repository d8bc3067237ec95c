// Ctrl-C and its like, at any moment: the documented exit code, a sentence, and no
// process left, of ours or of Claude's.

import { describe, expect, test } from "bun:test";
import { until } from "../claude/consulting.ts";
import { binary, shell } from "../cli/binary.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";

type Here = ReturnType<typeof shell>;

// What is handled here is as usual in what we start, though we may run under nohup.
process.on("SIGHUP", () => process.exit(129));

/** Sends the signal once Claude has read its prompt (and has its grandchild). */
async function interrupted(
  here: Here,
  signal: "SIGINT" | "SIGTERM" | "SIGHUP",
  wantsGrandchild = false,
) {
  const child = here.spawn(["consult", "Why?"]);
  const output = Promise.all([child.stdout.text(), child.stderr.text()]);
  await until("Claude runs", async () => (await here.starts()).length === 1);
  if (wantsGrandchild) {
    await until("it has a grandchild", async () => {
      return (await here.grandchildren()).length === 1;
    });
  }
  child.kill(signal);
  const [stdout, stderr] = await output;
  return { code: await child.exited, stdout, stderr };
}

describe("a signal while Claude runs", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s ends with %d", async (signal, code) => {
    await using here = shell({ program: "hangs-silently" });
    expect(await interrupted(here, signal)).toEqual({
      code,
      stdout: "",
      stderr: `phone-opus: Interrupted by ${signal}; Claude Code was stopped.\n`,
    });
    expect(await here.survivors()).toEqual([]);
  });

  test.each(["ignores-signals", "hangs-with-a-grandchild"] as const)(
    "leaves nothing of %s",
    async (program: FakeClaudeName) => {
      await using here = shell({
        program,
        environment: { PHONE_OPUS_STOP_GRACE_S: "0.2" },
      });
      const wantsGrandchild = program === "hangs-with-a-grandchild";
      const ended = await interrupted(here, "SIGINT", wantsGrandchild);
      expect(ended.code).toBe(130);
      expect(await here.survivors()).toEqual([]);
    },
  );

  test("says what had been written, and which session can go on", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { code, stderr } = await interrupted(here, "SIGINT");
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /^phone-opus: Interrupted by SIGINT; Claude Code was stopped\. \(session [0-9a-f-]{36}\)\nWritten so far:\nbegun\n$/,
    );
    expect(await here.survivors()).toEqual([]);
  });
});

test("the end of the terminal ends nothing under nohup", async () => {
  await using here = shell({
    program: "answers-slowly",
    environment: { FAKE_CLAUDE_MS: "1000" },
  });
  const child = Bun.spawn(
    ["sh", "-c", 'trap "" HUP; exec "$0" consult --quiet "Why?"', binary],
    { cwd: here.cwd, env: here.environment, stdin: "ignore", stderr: "pipe" },
  );
  const output = Promise.all([child.stdout.text(), child.stderr.text()]);
  await until("Claude runs", async () => (await here.starts()).length === 1);
  child.kill("SIGHUP");
  expect(await output).toEqual(["The answer is 42.\n", ""]);
  expect(await child.exited).toBe(0);
});

describe("Ctrl-C before Claude runs", () => {
  test("while standard input is awaited ends at once", async () => {
    await using here = shell();
    const child = here.spawn(["consult", "-"]);
    const output = Promise.all([child.stdout.text(), child.stderr.text()]);
    // Only a process that listens to signals is the case in question.
    await until("signals are handled", () => catchesInterrupt(child.pid));
    child.kill("SIGINT");
    // Five seconds are for ever here; the wait itself would have no end.
    const ended = await Promise.race([
      child.exited,
      Bun.sleep(5000).then(() => "still waiting for standard input"),
    ]);
    expect(ended).toBe(130);
    const [stdout] = await output;
    expect(stdout).toBe("");
    expect(await here.starts()).toEqual([]);
  });

  test("while the version is asked starts no Claude", async () => {
    await using here = shell({ program: "slow-version" });
    const child = here.spawn(["consult", "Why?"]);
    const output = Promise.all([child.stdout.text(), child.stderr.text()]);
    await until("signals are handled", () => catchesInterrupt(child.pid));
    await until("the version is asked", async () => {
      return (await here.processes()).some((line) =>
        line.includes("--version"),
      );
    });
    child.kill("SIGINT");
    const [stdout] = await output;
    expect([await child.exited, stdout]).toEqual([130, ""]);
    expect(await here.starts()).toEqual([]);
    // No consult was begun, so none is on record.
    const records = new Bun.Glob("phone_opus/consults/*/run.json").scan({
      cwd: here.at("state"),
    });
    expect(await Array.fromAsync(records)).toEqual([]);
    expect(await here.survivors()).toEqual([]);
  });
});

/** Whether the process has a handler of its own for SIGINT. */
async function catchesInterrupt(pid: number): Promise<boolean> {
  const file = Bun.file(`/proc/${pid}/status`);
  // Elsewhere the handlers are there soon after the start; nothing tells when.
  if (process.platform !== "linux") return Bun.sleep(500).then(() => true);
  const caught = (await file.text()).match(/^SigCgt:\s*([0-9a-f]+)$/m)?.[1];
  return (BigInt(`0x${caught ?? "0"}`) & 2n) === 2n;
}
