#!/usr/bin/env bun
import { begin, initEvent, print, printText, resultEvent } from "./lines.ts";

await begin();
const line = JSON.stringify(resultEvent());
print(initEvent());
printText(line.slice(0, line.length / 2));
