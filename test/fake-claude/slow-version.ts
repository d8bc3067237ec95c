#!/usr/bin/env bun
import { answer, begin } from "./lines.ts";

if (process.argv.includes("--version")) await Bun.sleep(2000);
await begin();
answer();
