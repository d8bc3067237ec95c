#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "API Error: 500 Internal server error. This is a server-side issue, usually temporary — try again in a moment.",
  error: "server_error",
  status: 500,
  apiType: "api_error",
  retries: 10,
});
