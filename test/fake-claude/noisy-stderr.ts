#!/usr/bin/env bun
import { answer, begin, complain } from "./lines.ts";

await begin();
const line = `${"x".repeat(1023)}\n`;
for (let kilobytes = 0; kilobytes < 20 * 1024; kilobytes += 64)
  complain(line.repeat(64));
answer();
