#!/usr/bin/env bun
import { failAtApi } from "./failures.ts";
import { begin } from "./lines.ts";

await begin();
failAtApi({
  text: "Not logged in · Please run /login",
  error: "authentication_failed",
  status: null,
});
