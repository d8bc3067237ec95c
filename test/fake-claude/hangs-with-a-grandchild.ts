#!/usr/bin/env bun
import { spawnGrandchild } from "./grandchild.ts";
import { begin, hang, initEvent, print, toolEvent } from "./lines.ts";

process.on("SIGTERM", () => {});
process.on("SIGINT", () => process.exit(130));
await begin();
print(initEvent());
spawnGrandchild({ stdout: "ignore" });
print(toolEvent("Bash", { command: "sleep 300" }));
await hang();
