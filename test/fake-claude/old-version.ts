#!/usr/bin/env bun
import { begin, complain } from "./lines.ts";

await begin("1.0.20 (Claude Code)");
complain("error: unknown option '--strict-mcp-config'\n");
process.exitCode = 1;
