#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin, option } from "./lines.ts";

await begin();
const model = option("--model") ?? "claude-opus-5-5";
failAtApi({
  text: `There's an issue with the selected model (${model}). It may not exist or you may not have access to it. Run --model to pick a different model.`,
  error: "model_not_found",
  status: 404,
  apiType: "not_found_error",
});
