#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "Prompt is too long · the request is ~250000 tokens (limit 200000)",
  error: "invalid_request",
  status: 400,
  apiType: "invalid_request_error",
  terminalReason: "prompt_too_long",
});
