// `npm run demo`: one consult through the compiled binary and the real Claude Code, against a scripted Messages API,
// with what went over each hop. `npm run demo -- "your question"` asks the real model by the user's own Claude Code.

import { describeError } from "../../src/base/json.ts";
import { askRealModel } from "./real-model.ts";
import { showScriptedConsult } from "./scripted-consult.ts";

const words = process.argv.slice(2);
try {
  process.exitCode =
    words.length === 0
      ? await showScriptedConsult()
      : await askRealModel(words.join(" "));
} catch (error) {
  console.error(`\nThe demo did not work: ${describeError(error)}`);
  process.exitCode = 1;
}
