// Intensity over a period, to the millisecond, and the back-off's steps.

import { expect, test } from "bun:test";
import { backoffMs } from "../../src/supervise/backoff.ts";
import {
  allowedAtMs,
  defaultBudget,
  recordRestart,
  type Restarts,
} from "../../src/supervise/budget.ts";
import { seededRandom } from "../chaos/session.ts";

const budget = { intensity: 3, periodMs: 1000 };

const cells: readonly (readonly [Restarts, number, number])[] = [
  // restarts, now, allowed at
  [[], 5000, 5000],
  [[5000], 5000, 5000],
  [[4500, 4600], 5000, 5000],
  [[4500, 4600, 4700], 5000, 5500],
  [[4500, 4600, 4700], 5499, 5500],
  [[4500, 4600, 4700], 5500, 5500],
  [[4500, 4600, 4700, 4800], 5000, 5600],
  [[4000, 4600, 4700], 5000, 5000],
  [[4001, 4600, 4700], 5000, 5001],
  [[5000, 5000, 5000], 5000, 6000],
];

for (const [restarts, now, allowed] of cells) {
  test(`after [${restarts.join(", ")}] at ${now}: allowed at ${allowed}`, () => {
    expect(allowedAtMs(restarts, now, budget)).toBe(allowed);
  });
}

test("five restarts in five minutes by default", () => {
  expect(defaultBudget).toEqual({ intensity: 5, periodMs: 300_000 });
});

test("no intensity allows nothing, even when nothing was counted", () => {
  const none = { intensity: 0, periodMs: 1000 };
  expect(allowedAtMs([], 5000, none)).toBeGreaterThan(5000);
});

test("what is behind the period is forgotten, at the period itself", () => {
  expect(recordRestart([4000, 4001], 5000, budget)).toEqual([4001, 5000]);
});

test("the back-off doubles from 100 ms to 5 s", () => {
  const steps = [1, 2, 3, 4, 5, 6, 7, 8, 100, 5000].map(backoffMs);
  const expected = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];
  expect(steps).toEqual(expected);
});

const seed = Number(Bun.env["PHONE_OPUS_CHAOS_SEED"] ?? Date.now() % 1e6);

test(`no period ever holds more than the intensity (seed ${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 500; round += 1) {
    let restarts: Restarts = [];
    let happened: number[] = [];
    let now = 0;
    for (let index = 0; index < 100; index += 1) {
      now += Math.floor(random() * 500);
      const allowed = allowedAtMs(restarts, now, budget);
      expect(allowed).toBeGreaterThanOrEqual(now);
      expect(allowed).toBeLessThanOrEqual(now + budget.periodMs);
      if (allowed > now) {
        // It keeps its word, and did not promise too late.
        expect(allowedAtMs(restarts, allowed, budget)).toBe(allowed);
        expect(allowedAtMs(restarts, allowed - 1, budget)).toBe(allowed);
        continue;
      }
      restarts = recordRestart(restarts, now, budget);
      happened = [...happened, now];
      const recent = happened.filter((at) => now - at < budget.periodMs);
      expect(recent.length).toBeLessThanOrEqual(budget.intensity);
    }
  }
});
