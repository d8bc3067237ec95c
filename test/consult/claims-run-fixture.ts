// Claims every run below the directory that it is told, and says which ones it got.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { claimRun } from "../../src/consult/custody.ts";
import { runRacer } from "./race.ts";
import { self } from "./scene.ts";

const directory = process.argv[2] ?? "";
const runs = readdirSync(directory).toSorted();
await runRacer(() =>
  runs.filter((name) => claimRun(join(directory, name), self)),
);
