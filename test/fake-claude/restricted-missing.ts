#!/usr/bin/env bun
import {
  begin,
  complain,
  initEvent,
  print,
  resultEvent,
  textEvent,
} from "./lines.ts";

await begin("2.1.197 (Claude Code)");
const unknown = process.argv.find(
  (word) => word === "--restricted" || word === "--permission-prompts",
);
if (unknown !== undefined) {
  complain(`error: unknown option '${unknown}'\n`);
  process.exit(1);
}
print(initEvent({ claude_code_version: "2.1.197" }));
print(textEvent("The answer is 42."));
print(resultEvent());
