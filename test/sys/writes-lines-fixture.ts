// Writes long lines until its reader is gone, then one more, and tells whether they
// were written.

import { standardOutput } from "../../src/sys/output.ts";

let isBroken = false;
let wasWritten = true;
const output = standardOutput(() => {
  isBroken = true;
  process.stderr.write("broken\n");
});
for (let number = 0; !isBroken; number += 1) {
  wasWritten = await output.writeLine(`line ${number} ${"x".repeat(100_000)}`);
}
const oneMore = await output.writeLine("one more");
await output.flushed();
process.stderr.write(`last line: ${wasWritten}, one more: ${oneMore}\n`);
