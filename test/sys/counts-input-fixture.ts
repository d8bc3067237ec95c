// Reads its input to the end and prints how much there was, how it ended, and how
// often the end was told.

import { readStandardInput } from "../../src/sys/input.ts";

let ends = 0;
const chunks: Buffer[] = [];
readStandardInput({
  onBytes: (bytes) => chunks.push(Buffer.from(bytes)),
  onEnd: () => {
    ends += 1;
  },
});
process.on("exit", () => {
  const bytes = Buffer.concat(chunks);
  const last = bytes.subarray(-4).toString("hex");
  process.stdout.write(
    `${bytes.length} bytes, the last ${last}, ${ends} end\n`,
  );
});
