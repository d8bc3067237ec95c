#!/usr/bin/env bun
import {
  begin,
  hang,
  initEvent,
  print,
  resultEvent,
  textEvent,
  userEvent,
} from "./lines.ts";

process.on("SIGINT", () => {
  print(userEvent([{ type: "text", text: "[Request interrupted by user]" }]));
  const subtype = "error_during_execution";
  const errors = [
    "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null",
  ];
  const reasons = { stop_reason: null, terminal_reason: "aborted_streaming" };
  print(
    resultEvent({
      is_error: true,
      subtype,
      errors,
      ...reasons,
      result: undefined,
      api_error_status: undefined,
    }),
  );
  process.exit(0);
});
await begin();
print(initEvent());
print(textEvent("begun"));
await hang();
