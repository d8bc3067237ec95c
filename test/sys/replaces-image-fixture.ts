// Becomes the program of its words, or says why it could not.

import { writeSync } from "node:fs";
import { replaceImage } from "../../src/sys/image.ts";

const [path = "", ...words] = process.argv.slice(2);
writeSync(1, "before\n");
try {
  replaceImage(path, ["named", ...words], { NEXT: "given" });
} catch (error) {
  writeSync(1, `${String(error)}\n`);
}
writeSync(1, "alive\n");
