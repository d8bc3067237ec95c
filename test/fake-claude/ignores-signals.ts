#!/usr/bin/env bun
import { begin, hang, initEvent, print } from "./lines.ts";

process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
await begin();
print(initEvent());
await hang();
