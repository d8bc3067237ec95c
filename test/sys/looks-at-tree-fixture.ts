// Looks at the tree that it is told, as somebody whom file modes bind, and prints what
// it saw of it.

import { systemClock } from "../../src/sys/clock.ts";
import { lookAtTree } from "../../src/sys/tree.ts";
import { becomeNobody } from "../helpers/without-root.ts";

// What lies above may be closed to nobody.
process.chdir(process.argv[2] ?? "");
becomeNobody();
const tree = await lookAtTree({
  root: ".",
  extra: [],
  isExcluded: () => false,
  maxEntries: 1000,
  budgetMs: 60_000,
  clock: systemClock,
});
process.stdout.write(
  JSON.stringify({
    isComplete: tree?.isComplete,
    listed: [...(tree?.listings.keys() ?? [])],
  }),
);
