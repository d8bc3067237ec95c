#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "Invalid API key · Fix external API key",
  error: "authentication_failed",
  status: 401,
  apiType: "authentication_error",
  retries: 10,
});
