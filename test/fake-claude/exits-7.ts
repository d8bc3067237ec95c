#!/usr/bin/env bun
import { begin, complain } from "./lines.ts";

await begin();
complain("boom\n");
process.exitCode = 7;
