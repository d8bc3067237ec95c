#!/usr/bin/env bun
import { answer, begin } from "./lines.ts";

answer(await begin());
