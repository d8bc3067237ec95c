#!/usr/bin/env bun
import {
  begin,
  initEvent,
  print,
  resultEvent,
  sessionId,
  textEvent,
  toolEvent,
  toolResultEvent,
} from "./lines.ts";

await begin();
const tool_name = "Bash";
const tool_input = { command: "touch x" };
const tool_use_id = "toolu_2";
const message =
  "Permission to use Bash has been denied because Claude Code is running in don't ask mode.";
print(initEvent());
print(textEvent("Looking."));
print(toolEvent("Read", { file_path: "README.md" }));
print(toolEvent(tool_name, tool_input, tool_use_id));
print(toolResultEvent("1\thi\n"));
print({
  type: "system",
  subtype: "permission_denied",
  tool_name,
  tool_use_id,
  message,
  session_id: sessionId,
});
print(toolResultEvent(message, tool_use_id, true));
print(textEvent("The answer is 42."));
print(
  resultEvent({
    num_turns: 2,
    permission_denials: [{ tool_name, tool_use_id, tool_input }],
  }),
);
