#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment.",
  error: "server_error",
  retryError: "overloaded",
  status: 529,
  apiType: "overloaded_error",
  retries: 10,
});
