// A leader with a family that is told to end, says so, and goes on.

import { startFamily } from "./family.ts";

const pids = await startFamily();
process.on("SIGINT", () => process.stdout.write("SIGINT\n"));
setInterval(() => {}, 60_000);
process.stdout.write(`${JSON.stringify(pids)}\n`);
