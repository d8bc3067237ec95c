// Starts a process that goes on without it, prints its number, and ends or stays.

import { spawnDetached } from "../../src/sys/spawn.ts";

const [stderrPath = "", next = ""] = process.argv.slice(2);
const started = spawnDetached({
  command: ["sleep", "300"],
  environment: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  stderrPath,
});
if (!started.ok) throw new Error(started.reason);
process.stdout.write(`${JSON.stringify({ pid: started.process.pid })}\n`);
if (next === "stays") setInterval(() => {}, 60_000);
