#!/usr/bin/env bun
import { failAtStart } from "./failures.ts";
import { begin, option, sessionId } from "./lines.ts";

await begin();
failAtStart(
  `No conversation found with session ID: ${option("--resume") ?? sessionId}`,
  { printResult: false },
);
