// How often whoever waits hears of a run, and in which words; on a clock that the test
// moves.

import { describe, expect, test } from "bun:test";
import { describeProgress, reportProgress } from "../../src/claude/progress.ts";
import type { Progress } from "../../src/claude/transcript.ts";
import { fakeClock } from "./fake-clock.ts";

const none: Progress = {
  turns: 0,
  activity: undefined,
  sessionId: undefined,
  model: undefined,
  textLength: 0,
  apiRetries: 0,
};

function reporting() {
  const clock = fakeClock();
  const reports: (readonly [number, string])[] = [];
  const reporter = reportProgress(clock, (elapsedMs, text) => {
    reports.push([elapsedMs, text]);
  });
  return { clock, reports, reporter };
}

describe("reports", () => {
  test("come every five seconds while nothing happens", () => {
    const { clock, reports } = reporting();
    clock.advance(4999);
    expect(reports).toEqual([]);
    clock.advance(10_001);
    expect(reports).toEqual([
      [5000, "starting Claude Code"],
      [10_000, "starting Claude Code"],
      [15_000, "starting Claude Code"],
    ]);
  });

  test("come at once with news, and not without", () => {
    const { clock, reports, reporter } = reporting();
    clock.advance(1000);
    reporter.update(none);
    reporter.update({ ...none, sessionId: "s-1" });
    clock.advance(1000);
    reporter.update({ ...none, turns: 1 });
    expect(reports).toEqual([
      [1000, "waiting for the model"],
      [2000, "turn 1: waiting for the model"],
    ]);
  });

  test("come five times a second at most, the last news always", () => {
    const { clock, reports, reporter } = reporting();
    for (let turns = 1; turns <= 100; turns += 1) {
      clock.advance(10);
      reporter.update({ ...none, turns });
    }
    clock.advance(200);
    expect(reports).toEqual([
      [200, "turn 19: waiting for the model"],
      [400, "turn 39: waiting for the model"],
      [600, "turn 59: waiting for the model"],
      [800, "turn 79: waiting for the model"],
      [1000, "turn 99: waiting for the model"],
      [1200, "turn 100: waiting for the model"],
    ]);
  });

  test("keep their heartbeat after news", () => {
    const { clock, reports, reporter } = reporting();
    clock.advance(4000);
    reporter.update({ ...none, turns: 1 });
    clock.advance(5000);
    expect(reports.map(([elapsedMs]) => elapsedMs)).toEqual([4000, 9000]);
  });

  test("end when the run does", () => {
    const { clock, reports, reporter } = reporting();
    clock.advance(100);
    reporter.update({ ...none, turns: 1 });
    reporter.close();
    expect(clock.pending()).toBe(0);
    clock.advance(60_000);
    expect(reports).toEqual([]);
  });
});

test.each([
  [undefined, "starting Claude Code"],
  [none, "waiting for the model"],
  [{ ...none, apiRetries: 2 }, "waiting for the API, retry 2"],
  [{ ...none, turns: 1 }, "turn 1: waiting for the model"],
  [
    { ...none, turns: 1, textLength: 1 },
    "turn 1: writing, 1 characters written",
  ],
  [{ ...none, turns: 2, activity: "Read main.ts" }, "turn 2: Read main.ts"],
  [
    { ...none, turns: 2, activity: "thinking", textLength: 999 },
    "turn 2: thinking, 999 characters written",
  ],
  [{ ...none, turns: 3, textLength: 1234 }, "turn 3: writing, 1.2 kB written"],
])("%j reads %j", (progress, line) => {
  expect(describeProgress(progress)).toBe(line);
});
