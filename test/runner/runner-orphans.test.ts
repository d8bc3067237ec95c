// How long a run goes on that nobody waits for: through the grace, without end with a
// ticket, and anew for each owner that comes back. On a clock that the test moves.

import { describe, expect, test } from "bun:test";
import { addOwner, claimRun, grantTicket } from "../../src/consult/custody.ts";
import type { Spool } from "../../src/consult/spool.ts";
import { runRunner } from "../../src/runner/runner.ts";
import { fakeClock } from "../claude/fake-clock.ts";
import { consulting, until } from "../claude/consulting.ts";
import { idleProcess, ownIdentity } from "../claude/attaching.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";

const graceMs = 10_000;

/** The runner of one run, in this very process. */
async function orphan(
  program: FakeClaudeName,
  prepare: (spool: Spool) => void = () => {},
) {
  const clock = fakeClock();
  const here = consulting({ program, ports: { clock } });
  const { id, spool } = here.accepted();
  prepare(spool);
  const logged: string[] = [];
  let isOver = false;
  const runner = runRunner({
    consultId: id,
    claude: here.ports,
    ledger: {
      path: here.ports.paths.ledger,
      consultsDirectory: here.ports.paths.consults,
    },
    orphanGraceMs: graceMs,
    log: (line) => logged.push(line),
    signal: new AbortController().signal,
  }).finally(() => {
    isOver = true;
  });
  await until("Claude runs", async () => (await here.starts()).length === 1);
  /** In the runner's own steps, each with a turn for what it wakes. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms && !isOver; passed += 50) {
      clock.advance(50);
      await new Promise(setImmediate);
    }
  };
  return {
    spool,
    pass,
    logged,
    isOver: () => isOver,
    outcome: async () => {
      while (!isOver) {
        await pass(50);
        await Bun.sleep(1);
      }
      await runner;
      return spool.readOutcome();
    },
    survivors: here.survivors,
    [Symbol.asyncDispose]: () => here[Symbol.asyncDispose](),
  };
}

const stopped = {
  status: "cancelled",
  fault: {
    fault: {
      code: "cancelled",
      detail:
        "Its client vanished and nobody came back for the answer within 10 s, so the consult was stopped: resume its session to go on.",
    },
  },
};

describe("a run that nobody waits for", () => {
  test("goes on through the grace and is stopped then", async () => {
    await using run = await orphan("stops-on-sigint");
    await run.pass(graceMs - 500);
    expect(run.isOver()).toBe(false);
    expect((await run.survivors()).length).toBeGreaterThan(0);
    expect(await run.outcome()).toMatchObject(stopped);
    expect(await run.survivors()).toEqual([]);
    expect(run.logged).toEqual([]);
  });

  test("goes on with a ticket", async () => {
    await using run = await orphan("stops-on-sigint", ({ directory }) =>
      grantTicket(directory),
    );
    await run.pass(10 * graceMs);
    expect(run.isOver()).toBe(false);
  });

  test("goes on once it is given a ticket", async () => {
    await using run = await orphan("stops-on-sigint");
    await run.pass(graceMs - 500);
    grantTicket(run.spool.directory);
    await run.pass(10 * graceMs);
    expect(run.isOver()).toBe(false);
  });

  test("goes on while an owner lives, and has the whole grace after it", async () => {
    await using owner = idleProcess();
    await using run = await orphan("stops-on-sigint");
    await run.pass(graceMs - 500);
    addOwner(run.spool.directory, owner.identity);
    await run.pass(5 * graceMs);
    owner.child.kill("SIGKILL");
    await owner.child.exited;
    await run.pass(graceMs - 500);
    expect(run.isOver()).toBe(false);
    expect(await run.outcome()).toMatchObject(stopped);
  });

  test("is not kept by a pid that is somebody else's by now", async () => {
    await using run = await orphan("stops-on-sigint", ({ directory }) =>
      addOwner(directory, { ...ownIdentity(), start_time: "1" }),
    );
    expect(await run.outcome()).toMatchObject(stopped);
  });
});

test("a run that somebody else drives is left to them", async () => {
  await using other = idleProcess();
  await using here = consulting({ program: "answers" });
  const { id, spool } = here.accepted();
  claimRun(spool.directory, other.identity);
  await runRunner({
    consultId: id,
    claude: here.ports,
    ledger: {
      path: here.ports.paths.ledger,
      consultsDirectory: here.ports.paths.consults,
    },
    orphanGraceMs: graceMs,
    log: () => {},
    signal: new AbortController().signal,
  });
  expect(spool.readOutcome()).toBeUndefined();
  expect(await here.starts()).toEqual([]);
});
