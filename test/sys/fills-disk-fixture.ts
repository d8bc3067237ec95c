// Writes a private file that is larger than its limit and prints what came of it.

import { writeNewPrivateFile } from "../../src/sys/private-file.ts";

// Exceeding the limit is an error then, and no death.
process.on("SIGXFSZ", () => {});
try {
  const [path = ""] = process.argv.slice(2);
  writeNewPrivateFile(path, ["x".repeat(1000), new Uint8Array(100_000)]);
  console.log("written");
} catch (error) {
  console.log(String(error));
}
