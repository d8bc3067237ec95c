#!/usr/bin/env bun
import {
  begin,
  env,
  initEvent,
  print,
  resultEvent,
  textEvent,
  toolEvent,
  toolResultEvent,
} from "./lines.ts";

await begin();
const milliseconds = Number(env("FAKE_CLAUDE_MS") ?? 2000);
const steps = 4;
print(initEvent());
for (let step = 1; step <= steps; step++) {
  print(toolEvent("Read", { file_path: `part-${step}.ts` }, `toolu_${step}`));
  await Bun.sleep(milliseconds / steps);
  print(toolResultEvent("1\tpart\n", `toolu_${step}`));
}
print(textEvent("The answer is 42."));
print(resultEvent({ duration_ms: milliseconds, num_turns: steps + 1 }));
