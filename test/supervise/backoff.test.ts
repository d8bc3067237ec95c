// Waiting between attempts: short at first, bounded for ever.

import { expect, test } from "bun:test";
import { backoffMs } from "../../src/supervise/backoff.ts";

test("the wait begins at 100 ms, doubles, and ends at 5 s", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(backoffMs)).toEqual([
    100, 200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
});

test("it stays a number of milliseconds after any number of failures", () => {
  for (const attempts of [60, 1023, 1024, 1025, 5000]) {
    expect(backoffMs(attempts)).toBe(5000);
  }
});
