// Sleeping on a clock, and that the real clock is one.

import { expect, test } from "bun:test";
import { continuedClock, sleep, systemClock } from "../../src/sys/clock.ts";
import { createFakeClock } from "../helpers/clock.ts";

/** Whether the promise is settled by now, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test("sleep ends when its time is over and not before", async () => {
  const clock = createFakeClock();
  const sleeping = sleep(clock, 100);
  clock.advance(99);
  expect(await isSettled(sleeping)).toBe(false);
  clock.advance(1);
  await sleeping;
  expect(clock.pending()).toBe(0);
});

test("sleep ends at once when aborted, and takes its timer back", async () => {
  const clock = createFakeClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, 100, abort.signal);
  expect(clock.pending()).toBe(1);
  abort.abort();
  await sleeping;
  expect(clock.pending()).toBe(0);
});

test("sleep with an aborted signal never starts a timer", async () => {
  const clock = createFakeClock();
  await sleep(clock, 100, AbortSignal.abort());
  expect(clock.pending()).toBe(0);
});

test("an abort after the end does nothing", async () => {
  const clock = createFakeClock();
  const abort = new AbortController();
  const sleeping = sleep(clock, 100, abort.signal);
  clock.advance(100);
  await sleeping;
  abort.abort();
  expect(clock.pending()).toBe(0);
});

test("the system clock calls back, unless it was taken back", async () => {
  const called: string[] = [];
  const last = Promise.withResolvers<void>();
  const takeBack = systemClock.after(0, () => called.push("taken back"));
  systemClock.after(0, () => called.push("kept"));
  systemClock.after(1, last.resolve);
  takeBack();
  await last.promise;
  expect(called).toEqual(["kept"]);
});

test("the system clock knows the date, and its durations never go back", () => {
  const before = Date.now();
  const now = systemClock.unixMs();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
  const first = systemClock.monotonicMs();
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
});

test("a continued clock goes on where the other one stood", () => {
  const clock = createFakeClock();
  clock.advance(300);
  const unixMs = clock.unixMs();
  // Its process began long before this one, and stopped 40 ms ago.
  const at = { unix_ms: unixMs - 40, monotonic_ms: 1_000_000 };
  const continued = continuedClock(clock, at);
  expect(continued.monotonicMs()).toBe(1_000_040);
  expect(continued.unixMs()).toBe(unixMs);
  const rung: number[] = [];
  continued.after(100, () => rung.push(continued.monotonicMs()));
  clock.advance(100);
  expect(rung).toEqual([1_000_140]);
});

test("a continued clock does not go back when the date does", () => {
  const clock = createFakeClock();
  const at = { unix_ms: clock.unixMs() + 5000, monotonic_ms: 70 };
  expect(continuedClock(clock, at).monotonicMs()).toBe(70);
});
