#!/usr/bin/env bun
import { answer, begin } from "./lines.ts";

await begin();
answer("0123456789abcde\n".repeat(655_360)); // 10 MiB, to the byte
