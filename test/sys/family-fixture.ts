// A leader that ends itself on SIGINT but none of its family: a child, a grandchild
// in a session of its own, and a daemon that init has adopted.

import { startFamily } from "./family.ts";

const pids = await startFamily();
process.on("SIGINT", () => process.exit(3));
setInterval(() => {}, 60_000);
process.stdout.write(`${JSON.stringify(pids)}\n`);
