#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
const text = "You've hit your limit · resets 3pm (UTC)";
failAtApi(
  { text, error: "rate_limit", status: 429, apiType: "rate_limit_error" },
  { api_error: "usage_limit_reached" },
);
