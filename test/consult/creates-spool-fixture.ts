// Makes a spool with a prompt of 5 MB where it is told, and prints how that failed.

import { consultIdSchema } from "../../src/base/ids.ts";
import { errorCode } from "../../src/base/json.ts";
import { createSpool } from "../../src/consult/spool.ts";

const id = consultIdSchema.parse(`c_${"1".repeat(32)}`);
const request = { prompt: "x".repeat(5_000_000), cwd: "/" };
try {
  createSpool(process.argv[2] ?? "", id, request);
  process.stdout.write("made");
} catch (error) {
  process.stdout.write(errorCode(error) ?? String(error));
}
