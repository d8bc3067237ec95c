// How long a call waits by default for which client, and which cancellations are the
// client's clock and not its user.

import { describe, expect, test } from "bun:test";
import { defaultWaitMs, isTimeLimit } from "../../src/host/client-limits.ts";

test.each([
  ["codex-mcp-client", 290_000],
  ["claude-ai", 50_000],
  ["claude-code", Infinity],
  ["phone-opus-test", 50_000],
  ["", 50_000],
  [undefined, 50_000],
  ["constructor", 50_000],
  ["toString", 50_000],
])("a call of %p waits for %p ms", (name, ms) => {
  expect(defaultWaitMs(name)).toBe(ms);
});

describe("a cancellation", () => {
  test.each([
    // SDK v1, at its limit and at the limit of all progress together.
    "McpError: MCP error -32001: Request timed out",
    "McpError: MCP error -32001: Maximum total timeout exceeded",
    // SDK v2.
    "SdkError: Request timed out",
    "SdkError: Maximum total timeout exceeded",
    // rmcp, on which Codex is built.
    "request timeout",
    "TimeoutError: The operation timed out.",
    "deadline exceeded",
    "tool call time limit reached",
  ])("for %p is the client's clock", (reason) => {
    expect(isTimeLimit(reason)).toBe(true);
  });

  test.each([
    "",
    "undefined",
    "enough",
    "AbortError: The operation was aborted.",
    "Error: Connection closed",
    "client cancelled",
    "the user interrupted it",
    "no time for this",
    "estimated outcome too expensive",
  ])("for %p is not", (reason) => {
    expect(isTimeLimit(reason)).toBe(false);
  });
});
