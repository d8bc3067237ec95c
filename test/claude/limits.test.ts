// The three limits of a run, on a clock that the test moves.

import { describe, expect, test } from "bun:test";
import { watchLimits } from "../../src/claude/limits.ts";
import { fakeClock } from "./fake-clock.ts";

function watching(outputBytes = () => 0) {
  const clock = fakeClock();
  const watch = watchLimits(
    { timeoutMs: 60_000, idleTimeoutMs: 10_000, maxOutputBytes: 100 },
    clock,
    outputBytes,
  );
  let reached: string | undefined;
  void watch.reached.then((limit) => {
    reached = limit;
  });
  return {
    clock,
    watch,
    /** Which limit was reached after this much more time. */
    after: async (ms: number) => {
      clock.advance(ms);
      await Promise.resolve();
      return reached;
    },
  };
}

describe("the idle limit", () => {
  test("is reached to the millisecond without a sign of life", async () => {
    const { after } = watching();
    expect(await after(9999)).toBeUndefined();
    expect(await after(1)).toBe("idle");
  });

  test("starts anew with each sign of life", async () => {
    const { after, watch } = watching();
    for (const step of [9000, 9999, 1, 5000]) {
      expect(await after(step)).toBeUndefined();
      watch.touch();
    }
    expect(await after(9999)).toBeUndefined();
    expect(await after(1)).toBe("idle");
  });
});

describe("the time limit", () => {
  test("is reached however lively the run is", async () => {
    const { after, watch } = watching();
    for (let second = 1; second < 60; second += 1) {
      expect(await after(1000)).toBeUndefined();
      watch.touch();
    }
    expect(await after(999)).toBeUndefined();
    expect(await after(1)).toBe("time");
  });
});

describe("the output limit", () => {
  test("is reached within a second of the byte too many", async () => {
    let bytes = 100;
    const { after } = watching(() => bytes);
    expect(await after(5000)).toBeUndefined();
    bytes = 101;
    expect(await after(1000)).toBe("output");
  });
});

test("the first limit that is reached stays the one", async () => {
  const { after } = watching(() => 101);
  expect(await after(120_000)).toBe("output");
});

test("a closed watch reaches nothing and leaves no timer behind", async () => {
  const { after, watch, clock } = watching(() => 101);
  watch.close();
  expect(clock.pending()).toBe(0);
  expect(await after(120_000)).toBeUndefined();
});
