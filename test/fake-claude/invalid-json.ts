#!/usr/bin/env bun
import { begin, printText } from "./lines.ts";

await begin();
printText('this is not JSON\n{"type":"result",\n}{\n');
