#!/usr/bin/env bun
import {
  begin,
  initEvent,
  print,
  resultEvent,
  textEvent,
  userEvent,
} from "./lines.ts";

await begin();
print(initEvent());
print(textEvent("The answer has two halves: forty "));
print(
  userEvent(
    [{ type: "text", text: "Output token limit hit. Resume directly." }],
    { isSynthetic: true },
  ),
);
print(textEvent("and two."));
print(resultEvent({ result: "and two.", num_turns: 2 }));
