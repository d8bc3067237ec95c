#!/usr/bin/env bun
import { answer, begin } from "./lines.ts";

await begin();
answer();
