// The suite against one subject: a few scenarios at once, results in the suite's order
// however they end.

import { describeError } from "../base/json.ts";
import {
  type ProvePorts,
  runScenario,
  type TrialResult,
} from "./run-scenario.ts";
import type { Subject } from "./subject.ts";
import type { Scenario } from "./trial.ts";

export interface ProveOptions {
  readonly scenarios: readonly Scenario[];
  readonly subject: Subject;
  readonly ports: ProvePorts;
  /** Scenarios at once; a Claude Code takes about 200 MB. */
  readonly width: number;
  readonly onScenario: (progress: ProveProgress) => void;
}

export interface ProveProgress {
  readonly done: number;
  readonly total: number;
  /** The scenario that begins. */
  readonly scenario: string;
}

export async function prove(options: ProveOptions): Promise<TrialResult[]> {
  const { scenarios, subject, ports, width, onScenario } = options;
  const results: TrialResult[][] = scenarios.map(() => []);
  const queue = scenarios.entries();
  let done = 0;
  const takeTurns = async () => {
    for (const [index, scenario] of queue) {
      onScenario({ done, total: scenarios.length, scenario: scenario.name });
      results[index] = await runOrExplain(scenario, subject, ports);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: width }, takeTurns));
  return results.flat();
}

/** A stage that cannot be set proves nothing, and the others go on. */
async function runOrExplain(
  scenario: Scenario,
  subject: Subject,
  ports: ProvePorts,
): Promise<TrialResult[]> {
  try {
    return await runScenario(scenario, subject, ports);
  } catch (error) {
    return scenario.trials.map(({ name }) => ({
      scenario: scenario.name,
      trial: name,
      verdict: {
        outcome: "inconclusive",
        detail: `it could not be tried (${describeError(error)})`,
      },
    }));
  }
}

export type Summary = Readonly<
  Record<TrialResult["verdict"]["outcome"], number>
>;

export function summarise(results: readonly TrialResult[]): Summary {
  const count = (outcome: keyof Summary) =>
    results.filter(({ verdict }) => verdict.outcome === outcome).length;
  return {
    blocked: count("blocked"),
    got_through: count("got_through"),
    works: count("works"),
    broken: count("broken"),
    not_tried: count("not_tried"),
    inconclusive: count("inconclusive"),
  };
}

/** Nothing got through, everything needed works, and nothing was left open. */
export function isProven({
  got_through,
  broken,
  inconclusive,
}: Summary): boolean {
  return got_through + broken + inconclusive === 0;
}
