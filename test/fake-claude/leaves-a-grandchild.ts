#!/usr/bin/env bun
import { spawnGrandchild } from "./grandchild.ts";
import { answer, begin } from "./lines.ts";

await begin();
spawnGrandchild({ stdout: "ignore" });
answer();
