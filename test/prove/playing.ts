// Plays scenarios of the suite against one way of running the real Claude Code.

import { expect } from "bun:test";
import { prove } from "../../src/prove/prove.ts";
import type { TrialResult } from "../../src/prove/run-scenario.ts";
import type { Subject } from "../../src/prove/subject.ts";
import { suite } from "../../src/prove/suite.ts";
import { expected, type Known, named } from "./known.ts";
import { ports } from "./staging.ts";

export function play(
  subject: Subject,
  names: readonly string[] | "all",
): Promise<TrialResult[]> {
  const scenarios = suite.filter(
    ({ name }) => names === "all" || names.includes(name),
  );
  if (names !== "all" && scenarios.length !== names.length) {
    throw new Error(`not all of ${names.join(", ")} are in the suite`);
  }
  return prove({
    scenarios,
    subject,
    ports: ports({ idleMs: 60_000 }),
    width: 2,
    onScenario: () => {},
  });
}

/** Exactly what is known comes through, everything needed works, nothing is left open. */
export function expectHeld(
  results: readonly TrialResult[],
  known: Known,
  inconclusive: readonly string[] = [],
): void {
  expect(results.length).toBeGreaterThan(0);
  expect(named(results, "inconclusive")).toEqual([...inconclusive]);
  expect(named(results, "broken")).toEqual([]);
  const tried = results.filter(
    ({ verdict }) => verdict.outcome !== "not_tried",
  );
  expect(named(results, "got_through")).toEqual(expected(known, tried));
}

/** Each attack bites and is seen to, but for those that are known not to. */
export function expectBites(
  results: readonly TrialResult[],
  toothless: Known,
): void {
  expect(results.length).toBeGreaterThan(0);
  expect(named(results, "inconclusive")).toEqual([]);
  expect(named(results, "blocked")).toEqual(expected(toothless, results));
}
