// Writes a private file that is larger than its limit and prints what came of it.

import { writeSync } from "node:fs";
import { writeNewPrivateFile } from "../../src/sys/private-file.ts";

// Exceeding the limit is an error then, and no death.
process.on("SIGXFSZ", () => {});
try {
  const [path = ""] = process.argv.slice(2);
  writeNewPrivateFile(path, ["x".repeat(1000), new Uint8Array(100_000)]);
  writeSync(1, "written\n");
} catch (error) {
  writeSync(1, `${String(error)}\n`);
}
