// Measures the table of src/prove/README.md: `bun run test/prove/table.ts [FILE]`, some
// minutes; all verdicts go to the file as JSON. One column a way of running Claude Code, one
// row a scenario: how many attacks got through, of how many that were tried.

import type { TrialResult } from "../../src/prove/run-scenario.ts";
import { suite } from "../../src/prove/suite.ts";
import { both, kernel, nothing, reference, switches } from "./layers.ts";
import { play } from "./playing.ts";

const subjects = [nothing, reference, switches, kernel, both];
const columns: TrialResult[][] = [];
for (const subject of subjects) {
  columns.push(await play(subject, "all"));
  process.stderr.write(`${subject.name}: done\n`);
}

const cell = (results: readonly TrialResult[]): string => {
  const count = (...outcomes: readonly TrialResult["verdict"]["outcome"][]) =>
    results.filter(({ verdict }) => outcomes.includes(verdict.outcome)).length;
  const open = count("inconclusive");
  const needs = count("works", "broken");
  const through = count("got_through");
  const text =
    needs > 0
      ? `${count("works")} of ${needs} work`
      : `${through} of ${through + count("blocked") + open}`;
  return open === 0 ? text : `${text} (${open} open)`;
};

const row = (...cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
let table = row("scenario", ...subjects.map(({ name }) => name));
table += row(...["", ...subjects].map(() => "---"));
for (const { name } of suite) {
  const cells = columns.map((results) =>
    cell(results.filter(({ scenario }) => scenario === name)),
  );
  table += row(name, ...cells);
}
process.stdout.write(table);
const keptAt = process.argv[2];
if (keptAt !== undefined) {
  const entries = subjects.map(({ name }, at) => [name, columns[at]]);
  await Bun.write(keptAt, JSON.stringify(Object.fromEntries(entries)));
}
