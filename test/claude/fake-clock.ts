// A clock that a test moves. Callbacks run in the order of their times, each at its own.

import type { Clock } from "../../src/sys/clock.ts";

export interface FakeClock extends Clock {
  /** Lets time pass, and whatever falls due on the way happen. */
  advance(ms: number): void;
  /** How many callbacks are still to come. */
  pending(): number;
}

export function fakeClock(): FakeClock {
  let nowMs = 1000;
  let timers: { dueMs: number; callback: () => void }[] = [];
  return {
    unixMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (ms, callback) => {
      const timer = { dueMs: nowMs + ms, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = timers
          .filter(({ dueMs }) => dueMs <= endMs)
          .toSorted((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        nowMs = next.dueMs;
        next.callback();
      }
      nowMs = endMs;
    },
    pending: () => timers.length,
  };
}
