#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "Credit balance is too low",
  error: "billing_error",
  status: 400,
  apiType: "invalid_request_error",
});
