#!/usr/bin/env bun
import { failAtLimit } from "./failures.ts";
import { begin, initEvent, option, print, textEvent } from "./lines.ts";

await begin();
print(initEvent());
print(textEvent("The answer is 42."));
failAtLimit(
  "error_max_budget_usd",
  `Reached maximum budget ($${option("--max-budget-usd") ?? "0.01"})`,
  {
    terminal_reason: "budget_exhausted",
    total_cost_usd: 40,
  },
);
