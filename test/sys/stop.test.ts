// Ending a run: politely where that works, by force where it does not, and in both
// cases nobody of the run is left and nobody else is touched.

import { expect, test } from "bun:test";
import { type Clock, systemClock } from "../../src/sys/clock.ts";
import { killRun, stopRun } from "../../src/sys/stop.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { until } from "../helpers/until.ts";
import { alive, isAlive, startBystander, startRun } from "./running.ts";

const graceMs = 600_000;
const family = ["child", "session", "grandchild", "daemon"];

/** Real time but for the grace, which the test lets pass. */
function clockWithOwnGrace() {
  const grace = createFakeClock();
  const clock: Clock = {
    ...systemClock,
    after: (ms, callback) =>
      (ms === graceMs ? grace : systemClock).after(ms, callback),
  };
  return { clock, grace };
}

test("a leader that respects SIGINT is not forced, and its family is killed", async () => {
  await using bystander = startBystander();
  await using run = await startRun("family-fixture.ts");
  expect(alive(run)).toEqual(family);
  const { clock, grace } = clockWithOwnGrace();
  const wasForced = await stopRun({ ...run, clock, graceMs });
  expect(wasForced).toBe(false);
  expect(await run.process.exited).toEqual({ code: 3, signal: undefined });
  expect(alive(run)).toEqual([]);
  expect(isAlive(bystander.pid)).toBe(true);
  expect(grace.pending()).toBe(0);
});

test("a leader that ignores SIGINT has its grace and is killed after it", async () => {
  await using bystander = startBystander();
  await using run = await startRun("stubborn-fixture.ts");
  const { clock, grace } = clockWithOwnGrace();
  const stopping = stopRun({ ...run, clock, graceMs });
  await until("the leader was asked", () => run.printed().endsWith("SIGINT\n"));
  grace.advance(graceMs - 1);
  expect(isAlive(run.process.pid)).toBe(true);
  expect(alive(run)).toEqual(family);
  grace.advance(1);
  expect(await stopping).toBe(true);
  expect(await run.process.exited).toEqual({
    code: undefined,
    signal: "SIGKILL",
  });
  expect(alive(run)).toEqual([]);
  expect(isAlive(bystander.pid)).toBe(true);
});

test("stopping a leader that has ended kills what it left", async () => {
  await using run = await startRun("abandons-fixture.ts");
  await run.process.exited;
  const { clock } = clockWithOwnGrace();
  expect(alive(run)).toEqual(family);
  expect(await stopRun({ ...run, clock, graceMs })).toBe(false);
  expect(await run.process.exited).toEqual({ code: 0, signal: undefined });
  expect(alive(run)).toEqual([]);
});

test("killing tells how many were alive, and none where none is left", async () => {
  await using run = await startRun("abandons-fixture.ts");
  await run.process.exited;
  const identity = {
    leader: undefined,
    group: run.process.pid,
    marker: run.marker,
  };
  expect(await killRun(identity, systemClock)).toBe(4);
  expect(alive(run)).toEqual([]);
  expect(await killRun(identity, systemClock)).toBe(0);
});

test("two runs at once are stopped one by one", async () => {
  await using first = await startRun("family-fixture.ts");
  await using second = await startRun("family-fixture.ts");
  await stopRun({ ...first, clock: systemClock, graceMs });
  expect([alive(first), alive(second)]).toEqual([[], family]);
  expect(isAlive(second.process.pid)).toBe(true);
});
