#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "API Error: Opus 5.5's safeguards flagged this message. Try rephrasing the request in a new session or change your model.",
  error: "invalid_request",
  status: null,
  stopReason: "refusal",
});
