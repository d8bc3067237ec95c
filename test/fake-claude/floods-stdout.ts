#!/usr/bin/env bun
import { answer, begin, printText } from "./lines.ts";

await begin();
const line = `${JSON.stringify({ type: "flood", text: "unknown to everyone" })}\n`;
for (let printed = 0; printed < 200_000; printed += 1000)
  printText(line.repeat(1000));
answer();
