// `phone-opus ps` and `gc`: what runs, for whom, and the end of what nobody waits for.

import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { readRunner } from "../../src/consult/custody.ts";
import { until } from "../claude/consulting.ts";
import { anyNumber } from "../claude/matching.ts";
import { shell } from "../cli/binary.ts";
import {
  type Here,
  orphanedConsult,
  rowOf,
  runningConsult,
  untilNothingRuns,
} from "./cli-runs.ts";

const runningSchema = z.object({ running: z.array(z.unknown()) });

async function ps(here: Here): Promise<unknown[]> {
  const { code, stdout, stderr } = await here.run(["ps", "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return runningSchema.parse(JSON.parse(stdout)).running;
}

const nothing = { code: 0, stdout: "", stderr: "nothing is running\n" };

describe("ps", () => {
  test("of nothing says so", async () => {
    await using here = shell();
    expect(await here.run(["ps"])).toEqual(nothing);
    expect(await ps(here)).toEqual([]);
    await here.run(["consult", "Why?"]);
    expect(await here.run(["ps"])).toEqual(nothing);
  });

  test("shows a run with its processes, and whether anybody waits", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { id, spool, child } = await runningConsult(here, "How\nlong?");
    const runner = readRunner(spool.directory)?.identity.pid;
    const claude = spool.readRun()?.process?.pid;
    const line = (waits: string) =>
      new RegExp(
        String.raw`^${id}  \S+  runner=${runner}  claude=${claude}  ${waits}  ${here.cwd}  How\n$`,
      );
    expect((await here.run(["ps"])).stdout).toMatch(line("awaited"));
    const shown = {
      consult_id: id,
      cwd: here.cwd,
      prompt: "How\nlong?",
      started_unix_ms: anyNumber(),
      deadline_unix_ms: anyNumber(),
      runner_pid: runner,
      claude_pid: claude,
      has_owner: true,
      has_ticket: false,
    };
    expect<unknown>(await ps(here)).toEqual([shown]);
    child.kill("SIGKILL");
    await child.exited;
    expect((await here.run(["ps"])).stdout).toMatch(line("orphaned"));
    expect<unknown>(await ps(here)).toEqual([{ ...shown, has_owner: false }]);
  });

  test("shows a run whose runner is gone, and one whose Claude is gone", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { spool } = await orphanedConsult(here, "How long?");
    const runner = readRunner(spool.directory)?.identity.pid;
    const claude = spool.readRun()?.process?.pid;
    if (runner === undefined || claude === undefined) {
      throw new Error("runner and Claude are on record");
    }
    process.kill(runner, "SIGKILL");
    await until("the runner is gone", async () => {
      return !(await here.processes()).some((each) =>
        each.startsWith(`${runner} `),
      );
    });
    expect(await ps(here)).toMatchObject([
      { runner_pid: null, claude_pid: claude },
    ]);
    process.kill(claude, "SIGKILL");
    await untilNothingRuns(here);
    expect((await here.run(["ps"])).stdout).toContain(
      "  runner=none  claude=none  orphaned  ",
    );
  });
});

describe("gc", () => {
  test("of nothing ends nothing", async () => {
    await using here = shell();
    expect(await here.run(["gc"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "0 runs ended, 0 stray processes killed, 0 consults removed\n",
    });
  });

  test("ends what nobody waits for, and nothing else", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const awaited = await runningConsult(here, "Awaited?");
    const orphaned = await orphanedConsult(here, "Orphaned?");
    const { code, stderr } = await here.run(["gc"]);
    expect(stderr).toStartWith("1 runs ended, ");
    expect(code).toBe(0);
    expect(orphaned.spool.readOutcome()).toMatchObject({
      status: "cancelled",
      fault: {
        fault: { detail: "Nobody waited for the consult, so gc ended it." },
        partial_response: "begun",
      },
    });
    expect(await ps(here)).toMatchObject([{ consult_id: awaited.id }]);
    awaited.child.kill("SIGINT");
    expect((await awaited.ended()).code).toBe(130);
    expect(await here.survivors()).toEqual([]);
    expect(rowOf(here, orphaned.id)).toMatchObject({ status: "cancelled" });
  });

  test("ends a run whose runner was killed", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    const { spool } = await orphanedConsult(here, "How long?");
    const runner = readRunner(spool.directory)?.identity.pid;
    if (runner === undefined) throw new Error("a runner drives the run");
    process.kill(runner, "SIGKILL");
    expect((await here.run(["gc"])).stderr).toStartWith("1 runs ended, ");
    expect(spool.readOutcome()?.status).toBe("cancelled");
    expect(await here.survivors()).toEqual([]);
  });

  test("kills strays of this state directory, and of no other", async () => {
    await using here = shell();
    await using elsewhere = shell({ program: "stops-on-sigint" });
    await here.run(["consult", "Why?"]);
    await untilNothingRuns(here);
    const [start] = await here.starts();
    const marker = start?.argv.at(-1)?.replaceAll("-", "") ?? "";
    const stray = (id: string) =>
      Bun.spawn(["sleep", "300"], {
        env: { CONSULT_RUN_ID: `c_${id}` },
        stdin: "ignore",
      });
    await using ours = stray(marker);
    await using theirs = stray("0".repeat(32));
    const other = await orphanedConsult(elsewhere, "Elsewhere?");
    expect((await here.run(["gc"])).stderr).toStartWith(
      "0 runs ended, 1 stray processes killed, ",
    );
    await ours.exited;
    expect(ours.signalCode).toBe("SIGKILL");
    expect(theirs.signalCode).toBeNull();
    expect(other.spool.hasOutcome()).toBe(false);
    expect(await ps(elsewhere)).toMatchObject([{ consult_id: other.id }]);
  });

  test.each(["ps", "gc"])("%s takes no words", async (name) => {
    await using here = shell();
    const { code } = await here.run([name, `c_${"0".repeat(32)}`]);
    expect(code).toBe(2);
  });
});
