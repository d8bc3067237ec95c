#!/usr/bin/env bun
import { begin, hang } from "./lines.ts";

await begin();
await hang();
