// Claims every spool below a directory as soon as the go file is there; prints how many
// it got.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { claimRun } from "../../src/consult/custody.ts";
import { identifyProcess } from "../../src/sys/processes.ts";

const [directory = "", go = ""] = process.argv.slice(2);
const self = identifyProcess(process.pid);
if (self === undefined) throw new Error("this process cannot see itself");
const spools = readdirSync(directory).toSorted();
process.stdout.write("ready\n");
while (!existsSync(go)) continue;
const claimed = spools.filter((name) => claimRun(join(directory, name), self));
process.stdout.write(`${claimed.length}\n`);
// Only a living runner holds its claim.
await Bun.stdin.text();
