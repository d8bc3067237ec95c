#!/usr/bin/env bun
import { begin } from "./lines.ts";

await begin();
