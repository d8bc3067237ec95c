#!/usr/bin/env bun
import { failAtLimit } from "./failures.ts";
import {
  begin,
  initEvent,
  option,
  print,
  toolEvent,
  toolResultEvent,
} from "./lines.ts";

await begin();
const turns = Number(option("--max-turns") ?? 2);
print(initEvent());
print(toolEvent("Read", { file_path: "README.md" }));
print(toolResultEvent("1\thi\n"));
failAtLimit("error_max_turns", `Reached maximum number of turns (${turns})`, {
  stop_reason: "tool_use",
  terminal_reason: "max_turns",
  num_turns: turns + 1,
});
