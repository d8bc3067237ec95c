// Prints, whenever something came and from a timer after that, whether all of its input
// was handed over; holds it when told to.

import { writeSync } from "node:fs";
import { readStandardInput } from "../../src/sys/input.ts";

const tell = (when: string) => {
  writeSync(1, `${when} ${input.isDrained()}\n`);
};
const input = readStandardInput({
  onBytes: (bytes) => {
    const text = Buffer.from(bytes).toString().trim();
    tell(`at ${text}`);
    if (text === "hold") {
      input.hold();
      setTimeout(() => {
        tell("held");
        input.release();
      }, 20);
    }
    setTimeout(() => tell(`after ${text}`), text === "hold" ? 40 : 0);
  },
  onEnd: () => setTimeout(() => tell("ended"), 0),
});
setTimeout(() => tell("begun"), 0);
