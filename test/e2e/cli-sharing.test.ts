// The same question asked again: one run, one bill, everybody answered. And what is left
// of a consult once it was answered, or its shell killed.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { faultRecord } from "../../src/base/fault.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { queuedRecord } from "../../src/consult/record.ts";
import { createSpool } from "../../src/consult/spool.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { until } from "../claude/consulting.ts";
import { shell } from "../cli/binary.ts";
import {
  consultIds,
  type Here,
  inBackground,
  orphanedConsult,
  rowOf,
  runningConsult,
  untilNothingRuns,
} from "./cli-runs.ts";

const answer = "The answer is 42.\n";
const slow = { FAKE_CLAUDE_MS: "1500" };
const attached = (id: string) =>
  `the same question was asked before: waiting for ${id} (--fresh asks again)\n`;

/** The same question from another shell, which is on record as waiting. */
async function again(here: Here, directory: string, ...words: string[]) {
  const command = inBackground(here, "consult", ...words);
  await until("the second shell waits", () => {
    return existsSync(join(directory, `owner.${command.child.pid}.json`));
  });
  return command;
}

describe("the same question from two shells", () => {
  test.each([{}, { PHONE_OPUS_HISTORY: "off" }])(
    "is asked once, and both get the answer (%j)",
    async (environment) => {
      await using here = shell({
        program: "answers-slowly",
        environment: { ...slow, ...environment },
      });
      const first = await runningConsult(here, "Why?");
      const second = await again(here, first.spool.directory, "Why?");
      const ended = [await first.ended(), await second.ended()];
      expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual([
        [0, answer],
        [0, answer],
      ]);
      expect(ended[0]?.stderr).toStartWith("5 turns, ");
      expect(ended[1]?.stderr).toStartWith(attached(first.id));
      expect((await here.starts()).length).toBe(1);
    },
  );

  test("at the very same moment is asked once", async () => {
    await using here = shell({ program: "answers-slowly", environment: slow });
    const shells = Array.from({ length: 6 }, () =>
      inBackground(here, "consult", "Why?"),
    );
    const ended = await Promise.all(shells.map((each) => each.ended()));
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual(
      shells.map(() => [0, answer]),
    );
    expect((await here.starts()).length).toBe(1);
    const told = ended.filter(({ stderr }) => stderr.includes("asked before"));
    expect(told.length).toBe(5);
    expect(consultIds(here).length).toBe(1);
  });

  test("is asked again with --fresh, in another directory, or in other words", async () => {
    await using here = shell({ program: "answers-slowly", environment: slow });
    const first = await runningConsult(here, "Why?");
    const others = await Promise.all([
      here.run(["consult", "--fresh", "Why?"]),
      here.run(["consult", "--cwd", "..", "Why?"]),
      here.run(["consult", "--max-turns", "3", "Why?"]),
      here.run(["consult", "Why??"]),
    ]);
    for (const { stdout, stderr } of others) {
      expect(stdout).toBe(answer);
      expect(stderr).not.toContain("asked before");
    }
    expect((await first.ended()).stdout).toBe(answer);
    expect((await here.starts()).length).toBe(5);
  });

  test("goes on for the second when the first is interrupted, who is told so", async () => {
    await using here = shell({ program: "answers-slowly", environment: slow });
    const first = await runningConsult(here, "Why?");
    const second = await again(here, first.spool.directory, "Why?");
    first.child.kill("SIGINT");
    const { code, stdout, stderr } = await first.ended();
    expect([code, stdout]).toEqual([130, ""]);
    expect((await second.ended()).stdout).toBe(answer);
    expect((await here.starts()).length).toBe(1);
    expect(stderr).not.toContain("Claude Code was stopped");
  });
});

describe("the same question later", () => {
  test("is asked anew once it was answered", async () => {
    await using here = shell();
    for (const _ of [1, 2]) {
      const { stdout, stderr } = await here.run(["consult", "Why?"]);
      expect(stdout).toBe(answer);
      expect(stderr).not.toContain("asked before");
      await untilNothingRuns(here);
    }
    expect((await here.starts()).length).toBe(2);
  });

  test("gets the answer that reached nobody", async () => {
    await using here = shell({ program: "answers-slowly" });
    const { id } = await orphanedConsult(here, "Why?");
    await untilNothingRuns(here);
    const { stdout, stderr } = await here.run(["consult", "Why?"]);
    expect(stdout).toBe(answer);
    expect(stderr).toStartWith(attached(id));
    expect((await here.starts()).length).toBe(1);
    expect(rowOf(here, id)?.delivered).toBe(1);
  });

  test("is asked anew though the failure before is not in the ledger yet", async () => {
    await using here = shell();
    // The outcome is written before the row: a quick second question comes between.
    const consultsDirectory = here.at("state/phone_opus/consults");
    const request = { prompt: "Why?", cwd: here.cwd };
    const id = newConsultId();
    createSpool(consultsDirectory, id, request).recordOutcome({
      status: "failed",
      fault: faultRecord({
        code: "timeout",
        stage: "claude",
        operation: "tools/call:consult",
        detail: "It took too long.",
      }),
    });
    const path = here.at("state/phone_opus/ledger.sqlite");
    const ledger = openLedger({ path, consultsDirectory });
    ledger.remove(id);
    ledger.add({ ...queuedRecord(id, request, Date.now()), status: "running" });
    ledger.close();
    const { code, stdout, stderr } = await here.run(["consult", "Why?"]);
    expect(stderr).not.toContain("It took too long.");
    expect([code, stdout]).toEqual([0, answer]);
  });
});

describe("PHONE_OPUS_HISTORY=off", () => {
  const environment = { PHONE_OPUS_HISTORY: "off" };

  test.each(["answers", "exits-7"] as const)(
    "leaves neither spool nor row of %s",
    async (program) => {
      await using here = shell({ program, environment });
      await here.run(["consult", "Why?"]);
      await untilNothingRuns(here);
      expect(readdirSync(here.at("state/phone_opus/consults"))).toEqual([]);
      const { stdout } = await here.run(["history", "--json"]);
      expect(JSON.parse(stdout)).toEqual({ consults: [] });
    },
  );

  test("keeps the answer until everybody who waits has it", async () => {
    await using here = shell({
      program: "answers-slowly",
      environment: { ...environment, ...slow },
    });
    const first = await runningConsult(here, "Why?");
    const second = await again(here, first.spool.directory, "Why?");
    second.child.kill("SIGSTOP");
    expect((await first.ended()).stdout).toBe(answer);
    second.child.kill("SIGCONT");
    expect(await second.ended()).toMatchObject({ code: 0, stdout: answer });
    expect(consultIds(here)).toEqual([]);
  });

  test("keeps an answer until it is delivered", async () => {
    await using here = shell({ program: "answers-slowly", environment });
    const { id } = await orphanedConsult(here, "Why?");
    await untilNothingRuns(here);
    expect(consultIds(here)).toEqual([id]);
    expect((await here.run(["wait", id])).stdout).toBe(answer);
    expect(consultIds(here)).toEqual([]);
    expect(rowOf(here, id)).toBeUndefined();
  });
});

describe("SIGKILL of the shell's command", () => {
  test("leaves the run to its grace: it is stopped when that is over", async () => {
    await using here = shell({
      program: "hangs-with-a-grandchild",
      environment: {
        PHONE_OPUS_ORPHAN_GRACE_S: "1",
        PHONE_OPUS_STOP_GRACE_S: "0.2",
      },
    });
    const { id, spool } = await orphanedConsult(here, "How long?");
    expect((await here.processes()).length).toBeGreaterThan(0);
    await untilNothingRuns(here);
    expect(spool.readOutcome()).toMatchObject({
      status: "cancelled",
      fault: {
        fault: {
          detail:
            "Its client vanished and nobody came back for the answer within 1 s, so the consult was stopped: resume its session to go on.",
        },
        consult_id: id,
      },
    });
    const { code } = await here.run(["wait", id]);
    expect(code).toBe(130);
  });

  test("before its run began costs nothing, and the question can be asked again", async () => {
    await using here = shell({ program: "slow-version" });
    const first = inBackground(here, "consult", "Why?");
    await until("the version is asked", async () => {
      return (await here.processes()).some((each) =>
        each.includes("--version"),
      );
    });
    first.child.kill("SIGKILL");
    const { stdout } = await here.run(["consult", "Why?"]);
    expect(stdout).toBe(answer);
    expect((await here.starts()).length).toBe(1);
  });
});
