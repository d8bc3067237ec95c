// Makes and removes a directory in the one that it is told, as fast as it can.

import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const path = join(process.argv[2] ?? "", "tmp");
process.stdout.write("ready\n");
for (;;) {
  try {
    mkdirSync(path);
    rmdirSync(path);
  } catch {
    // The other half of the test was faster.
  }
}
