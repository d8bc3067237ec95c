#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "API Error: Request rejected (429) · This request would exceed your account's rate limit. Please try again later.",
  error: "rate_limit",
  status: 429,
  apiType: "rate_limit_error",
  retries: 10,
});
