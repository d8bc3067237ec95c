// A clock whose time only a test moves. Callbacks fire during `advance`, in the
// order of their due times, and may arm others that fall due in the same step.

import type { Clock } from "../../src/sys/clock.ts";

export interface FakeClock extends Clock {
  /** Lets `ms` pass and fires everything that falls due on the way. */
  advance(ms: number): void;
  /** How many callbacks wait. */
  pending(): number;
}

export const fakeClockStartUnixMs = 1_800_000_000_000;

export function createFakeClock(): FakeClock {
  let now = 0;
  const waiting = new Set<{ due: number; callback: () => void }>();
  const nextDue = (until: number) =>
    [...waiting]
      .filter(({ due }) => due <= until)
      .toSorted((a, b) => a.due - b.due)[0];
  return {
    unixMs: () => fakeClockStartUnixMs + now,
    monotonicMs: () => now,
    after: (ms, callback) => {
      const entry = { due: now + ms, callback };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    advance: (ms) => {
      const until = now + ms;
      for (let next = nextDue(until); next; next = nextDue(until)) {
        waiting.delete(next);
        now = next.due;
        next.callback();
      }
      now = until;
    },
    pending: () => waiting.size,
  };
}
