// Every cell of the table in the header of supervise/replay.ts, at every number of
// attempts.

import { expect, test } from "bun:test";
import { decideReplay, maxAttempts } from "../../src/supervise/replay.ts";

const contracts = ["convergent", "probe_required", "never_replay"] as const;

const table = {
  not_dispatched: ["dispatch", "dispatch", "dispatch"],
  outcome_unknown: ["dispatch", "probe", "give_up"],
} as const;

for (const knowledge of ["not_dispatched", "outcome_unknown"] as const) {
  for (const [column, contract] of contracts.entries()) {
    test(`${knowledge}, ${contract}: as drawn, until the attempts are used up`, () => {
      const decide = (attempts: number) =>
        decideReplay({ contract, knowledge, attempts });
      const drawn = table[knowledge][column];
      for (let attempts = 1; attempts < maxAttempts; attempts += 1) {
        expect({ attempts, decision: decide(attempts) }).toEqual({
          attempts,
          decision: drawn ?? "give_up",
        });
      }
      for (const attempts of [maxAttempts, maxAttempts + 1, 1000]) {
        expect(decide(attempts)).toBe("give_up");
      }
    });
  }
}

test("there are five attempts", () => {
  expect(maxAttempts).toBe(5);
});
