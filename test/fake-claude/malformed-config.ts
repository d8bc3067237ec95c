#!/usr/bin/env bun
import { failAtStart } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtStart(
  "Configuration error in ~/.claude.json: JSON Parse error: Expected '}'",
  { printResult: false },
);
