#!/usr/bin/env bun
import { failAtStart } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
const message =
  "Configuration error in ~/.claude.json: JSON Parse error: Expected '}'";
failAtStart(
  message,
  { printResult: true },
  { startup_failure_reason: "config_file_invalid" },
);
