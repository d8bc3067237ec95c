// `phone-opus wait` and `cancel`: runs that go on by themselves, and commands that come
// back to them.

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../claude/consulting.ts";
import { shell } from "../cli/binary.ts";
import { hasLiveOwner, readRunner } from "../../src/consult/custody.ts";
import { isSameProcessAlive } from "../../src/sys/processes.ts";
import {
  consultIds,
  type Here,
  inBackground,
  orphanedConsult,
  rowOf,
  spoolOf,
  untilNothingRuns,
} from "./cli-runs.ts";

const absent = `c_${"0".repeat(32)}`;
const slow = { FAKE_CLAUDE_MS: "2000" };

/** A second command that waits, once it is on record as an owner. */
async function waiting(here: Here, id: string, ...words: readonly string[]) {
  const [known] = consultIds(here).filter((each) => each === id);
  if (known === undefined) throw new Error(`there is no ${id}`);
  const command = inBackground(here, "wait", id, ...words);
  const { directory } = spoolOf(here, known);
  await until("the command is on record", () => {
    return existsSync(join(directory, `owner.${command.child.pid}.json`));
  });
  return { ...command, directory };
}

describe("wait", () => {
  test("prints the answer of a run whose command was killed", async () => {
    await using here = shell({ program: "answers-slowly", environment: slow });
    const { id } = await orphanedConsult(here, "Why?");
    const { code, stdout, stderr } = await here.run(["wait", id]);
    expect([code, stdout]).toEqual([0, "The answer is 42.\n"]);
    expect(stderr).toMatch(/^5 turns, 2\.000s, /);
    expect((await here.starts()).length).toBe(1);
    expect(await here.survivors()).toEqual([]);
    expect(rowOf(here, id)).toMatchObject({ status: "done", delivered: 1 });
  });

  test("prints an answer that is there, as often as it is asked", async () => {
    await using here = shell();
    await here.run(["consult", "Why?"]);
    const [id = ""] = consultIds(here);
    for (const _ of [1, 2]) {
      const { code, stdout } = await here.run(["wait", id]);
      expect([code, stdout]).toEqual([0, "The answer is 42.\n"]);
    }
    const { stdout } = await here.run(["wait", id, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      consult_id: id,
      response: "The answer is 42.",
    });
    const full = await here.run(["wait", id, "--detail", "full", "--quiet"]);
    expect(full.stdout).toStartWith("consult ok turns=1\n");
    expect(full.stderr).toBe("");
  });

  test("ends with the exit code of the run's failure", async () => {
    await using here = shell({ program: "not-logged-in" });
    await here.run(["consult", "Why?"]);
    const [id = ""] = consultIds(here);
    const { code, stderr } = await here.run(["wait", id]);
    expect(stderr).toStartWith("phone-opus: Claude Code is not logged in");
    expect(code).toBe(4);
  });

  test("adopts a run whose runner was killed, too", async () => {
    await using here = shell({ program: "answers-slowly", environment: slow });
    const { id, spool } = await orphanedConsult(here, "Why?");
    const runner = readRunner(spool.directory)?.identity.pid;
    if (runner === undefined) throw new Error("a runner drives the run");
    process.kill(runner, "SIGKILL");
    const { code, stdout } = await here.run(["wait", id]);
    expect([code, stdout]).toEqual([0, "The answer is 42.\n"]);
    expect((await here.starts()).length).toBe(1);
    expect(readRunner(spool.directory)?.number).toBe(2);
  });

  test.each([{}, { PHONE_OPUS_HISTORY: "off" }])(
    "stopped by Ctrl-C stops the waiting alone (%j)",
    async (environment) => {
      await using here = shell({
        program: "answers-slowly",
        environment: { ...slow, ...environment },
      });
      const { id, spool } = await orphanedConsult(here, "Why?");
      const first = await waiting(here, id);
      first.child.kill("SIGINT");
      const { code, stdout, stderr } = await first.ended();
      expect([code, stdout]).toEqual([130, ""]);
      expect(spool.readOutcome()).toBeUndefined();
      // Nothing was delivered, so nothing is marked, let alone forgotten.
      expect(spool.exists()).toBe(true);
      expect(existsSync(join(spool.directory, "delivered"))).toBe(false);
      expect((await here.run(["wait", id])).stdout).toBe("The answer is 42.\n");
      // Last, since it is the least: the sentence must be true.
      expect(stderr).not.toContain("Claude Code was stopped");
    },
  );

  test.each([
    ["wait", "a consult id is missing", []],
    ["cancel", "a consult id is missing", []],
    ["wait", "one consult id, not 2 words", [absent, absent]],
    ["cancel", "one consult id, not 2 words", [absent, absent]],
    [
      "wait",
      '"nope" is no consult id (c_ and 32 hexadecimal digits): see phone-opus history',
      ["nope"],
    ],
  ] as const)("%s: %s", async (name, problem, words) => {
    await using here = shell();
    expect(await here.run([name, ...words])).toEqual({
      code: 2,
      stdout: "",
      stderr: `phone-opus: ${problem} (see phone-opus --help)\n`,
    });
  });

  test.each(["wait", "cancel"])("%s of an unknown id says so", async (name) => {
    await using here = shell();
    expect(await here.run([name, absent])).toEqual({
      code: 1,
      stdout: "",
      stderr: `phone-opus: there is no consult ${absent}: see phone-opus history\n`,
    });
  });
});

describe("cancel", () => {
  test("stops a run, grandchildren included, and whoever waits is told", async () => {
    await using here = shell({
      program: "hangs-with-a-grandchild",
      environment: { PHONE_OPUS_STOP_GRACE_S: "0.2" },
    });
    const { id, spool } = await orphanedConsult(here, "How long?");
    const waiter = await waiting(here, id);
    expect(hasLiveOwner(spool.directory)).toBe(true);
    expect(await here.run(["cancel", id])).toEqual({
      code: 0,
      stdout: "",
      stderr: `consult ${id} was stopped\n`,
    });
    const { code, stderr } = await waiter.ended();
    expect(stderr).toStartWith(
      "phone-opus: The consult was cancelled on request.",
    );
    expect(code).toBe(130);
    await untilNothingRuns(here);
    expect(rowOf(here, id)).toMatchObject({ status: "cancelled" });
  });

  test("of a run that is over says so and changes nothing", async () => {
    await using here = shell();
    await here.run(["consult", "Why?"]);
    const [id] = consultIds(here);
    if (id === undefined) throw new Error("the consult has an id");
    expect(await here.run(["cancel", id])).toEqual({
      code: 0,
      stdout: "",
      stderr: `consult ${id} was over already\n`,
    });
    expect(spoolOf(here, id).readOutcome()?.status).toBe("done");
  });

  test("of a run whose runner was killed ends Claude", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { id, spool } = await orphanedConsult(here, "How long?");
    const runner = readRunner(spool.directory)?.identity.pid;
    if (runner === undefined) throw new Error("a runner drives the run");
    process.kill(runner, "SIGKILL");
    expect((await here.run(["cancel", id])).stderr).toBe(
      `consult ${id} was stopped\n`,
    );
    expect(await here.survivors()).toEqual([]);
    expect((await here.starts()).length).toBe(1);
  });

  test("that no runner can be started for does not say that it was done", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { id, spool } = await orphanedConsult(here, "How long?");
    const runner = readRunner(spool.directory)?.identity;
    if (runner === undefined) throw new Error("a runner drives the run");
    process.kill(runner.pid, "SIGKILL");
    await until("the runner is gone", () => !isSameProcessAlive(runner));
    const logPath = join(spool.directory, "runner.log");
    rmSync(logPath);
    mkdirSync(logPath);
    const { code, stderr } = await here.run(["cancel", id]);
    expect(code).toBe(1);
    expect(stderr).toContain("EISDIR");
    expect(stderr).not.toContain("was stopped");
    const swept = await here.run(["gc"]);
    expect(swept.code).toBe(1);
    expect(swept.stderr).toContain("\n0 runs ended, ");
    rmdirSync(logPath);
    expect((await here.run(["cancel", id])).code).toBe(0);
    expect(await here.survivors()).toEqual([]);
  });

  test("of a run whose runner is stuck kills the runner after a while", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { id, spool } = await orphanedConsult(here, "How long?");
    const runner = readRunner(spool.directory)?.identity.pid;
    if (runner === undefined) throw new Error("a runner drives the run");
    process.kill(runner, "SIGSTOP");
    // The patience is twenty seconds; without it this has no end.
    const ended = await Promise.race([
      here.run(["cancel", id]),
      Bun.sleep(40_000).then(() => "still waiting for the stuck runner"),
    ]);
    expect(ended).toMatchObject({ code: 0 });
    expect(await here.survivors()).toEqual([]);
  });
});
