#!/usr/bin/env bun
import { begin, initEvent, print, textEvent } from "./lines.ts";

await begin();
print(initEvent());
print(textEvent("The answer is"));
process.kill(process.pid, "SIGKILL");
