// Looks at every spool as soon as it is there, and tells how many had no living owner
// then: gc would have ended these.

import { join } from "node:path";
import { hasLiveOwner } from "../../src/consult/custody.ts";
import { consultIds } from "../../src/consult/running.ts";

const [consults = "", count = ""] = process.argv.slice(2);
const seen = new Set<string>();
let ownerless = 0;
process.stdout.write("ready\n");
while (seen.size < Number(count)) {
  for (const id of consultIds(consults)) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (!hasLiveOwner(join(consults, id))) ownerless += 1;
  }
}
process.stdout.write(`${ownerless}\n`);
