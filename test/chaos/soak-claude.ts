#!/usr/bin/env bun
// Behaves as the fake that the model is named after, so that one host meets them all.

import {
  answer,
  begin,
  env,
  handleVersion,
  initEvent,
  option,
  print,
  toolEvent,
  toolResultEvent,
} from "../fake-claude/lines.ts";

handleVersion();
const behaviour = option("--model");
if (behaviour === "echoes-slowly") {
  const prompt = await begin();
  print(initEvent());
  print(toolEvent("Read", { file_path: "part.ts" }));
  await Bun.sleep(Number(env("FAKE_CLAUDE_MS") ?? 1000));
  print(toolResultEvent("1\tpart\n"));
  answer(prompt);
} else await import(`../fake-claude/${behaviour}.ts`);
