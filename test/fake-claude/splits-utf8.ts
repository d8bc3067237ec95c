#!/usr/bin/env bun
import {
  begin,
  initEvent,
  print,
  printText,
  resultEvent,
  textEvent,
} from "./lines.ts";

await begin();
const text = "Größe 42 €, 🙂.";
print(initEvent());
print(textEvent(text));
const line = Buffer.from(`${JSON.stringify(resultEvent({ result: text }))}\n`);
const middle = line.indexOf("🙂") + 2;
printText(line.subarray(0, middle));
await Bun.sleep(150);
printText(line.subarray(middle));
