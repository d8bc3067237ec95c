#!/usr/bin/env bun
import { answer, begin, print, printText } from "./lines.ts";

await begin();
printText('this is not JSON\n\n   \n{"type":\n');
printText('42\n"text"\nnull\n[{"type":"result"}]\n{}\n{"type":7}\n');
print({
  type: "from_the_future",
  subtype: "init",
  payload: [1, { deep: true }],
});
print({ type: "system", subtype: "from_the_future" });
answer();
