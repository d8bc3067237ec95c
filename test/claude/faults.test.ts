// Failures that no recording shows: other codes of the API, refusals, exits without a
// result, and texts of any length and shape in the sentence.

import { describe, expect, test } from "bun:test";
import { consultIdSchema } from "../../src/base/ids.ts";
import { faultOfRun } from "../../src/claude/faults.ts";
import { transcriptOfEvents } from "./recorded.ts";

const consultId = consultIdSchema.parse(`c_${"0123456789abcdef".repeat(2)}`);

interface Ended {
  readonly events?: readonly unknown[];
  readonly code?: number;
  readonly signal?: string;
  readonly stderrTail?: string;
}

function faultOf(ended: Ended) {
  const record = faultOfRun({
    consultId,
    exit: {
      code: ended.signal === undefined ? (ended.code ?? 1) : undefined,
      signal: ended.signal,
    },
    transcript: transcriptOfEvents(...(ended.events ?? [])),
    stderrTail: ended.stderrTail ?? "",
  });
  return record && [record.fault.reason, record.fault.detail];
}

/** The result event of an error from the API. */
function apiError(status: number | null, text: string, more: object = {}) {
  return {
    type: "result",
    subtype: "success",
    is_error: true,
    num_turns: 1,
    api_error_status: status,
    result: text,
    ...more,
  };
}

describe("an API error", () => {
  test.each([
    [
      apiError(403, "Forbidden"),
      "auth",
      "The API refused the credentials of Claude Code (403): Forbidden. Run `claude` and log in again, or correct ANTHROPIC_API_KEY.",
    ],
    [
      apiError(500, "Internal server error!"),
      "api_error",
      "The API failed (500): Internal server error! Try again.",
    ],
    [
      apiError(503, "Unavailable"),
      "api_error",
      "The API failed (503): Unavailable. Try again.",
    ],
    [
      apiError(400, "Bad field"),
      "api_error",
      "Claude Code could not answer: Bad field. Rephrase the question, or try `claude -p hello` in a terminal.",
    ],
    [
      apiError(null, "Connection error"),
      "api_error",
      "The API could not be reached: Connection error. Check the network and the proxy settings, then ask again.",
    ],
    [
      apiError(null, "Something odd"),
      "failed",
      "Claude Code could not answer: Something odd. Rephrase the question, or try `claude -p hello` in a terminal.",
    ],
    [
      apiError(401, "Not logged in · Please run /login"),
      "not_logged_in",
      "Claude Code is not logged in here: run `claude` in a terminal and log in, or give this server the variable ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.",
    ],
    [
      apiError(400, "Prompt is too long", {
        terminal_reason: "prompt_too_long",
      }),
      "prompt_too_long",
      "The prompt is longer than the model takes: shorten it, or name files for Claude to read instead of pasting them.",
    ],
    [
      apiError(null, "Flagged", { stop_reason: "refusal" }),
      "refused",
      "The model refused to answer: Flagged. Rephrase the question or name another model.",
    ],
  ])("%j is %s", (result, reason, detail) => {
    expect(faultOf({ events: [result] })).toEqual([reason, detail]);
  });

  test("is told on one line, cut where it is long", () => {
    const text = `first\n\n  second ${"x".repeat(1000)}`;
    expect(faultOf({ events: [apiError(500, text)] })).toEqual([
      "api_error",
      `The API failed (500): first second ${"x".repeat(587)}… Try again.`,
    ]);
  });
});

describe("a prompt that Claude took for a command", () => {
  test("is no answer", () => {
    const result = {
      type: "result",
      subtype: "success",
      is_error: false,
      num_turns: 0,
      result: "Unknown command: /nope",
    };
    expect(faultOf({ events: [result], code: 0 })).toEqual([
      "failed",
      "Claude Code took the prompt for a command: Unknown command: /nope.",
    ]);
    // The same words from the model are one.
    const said = { ...result, num_turns: 1 };
    expect(faultOf({ events: [said], code: 0 })).toBeUndefined();
  });
});

describe("an end without a result", () => {
  test.each([
    [
      { code: 1, stderrTail: "error: unknown option '--strict-mcp-config'" },
      "too_old",
      "This Claude Code does not know a switch that read-only needs: error: unknown option '--strict-mcp-config'. Update it with `claude update`.",
    ],
    [
      { code: 1, stderrTail: "No conversation found with session ID: x" },
      "session_unknown",
      "Claude Code has no such session in this directory: No conversation found with session ID: x. Pass the cwd of the first consult, or leave resume out.",
    ],
    [
      { signal: "SIGKILL" },
      "killed",
      "Claude Code was killed by SIGKILL before it answered: look for what ended it (often the memory limit), then ask again.",
    ],
    [
      { code: 7, stderrTail: "boom" },
      "failed",
      "Claude Code exited with code 7: boom. Try `claude -p hello` in a terminal.",
    ],
    [
      { code: 7 },
      "failed",
      "Claude Code exited with code 7: it said nothing. Try `claude -p hello` in a terminal.",
    ],
    [
      { code: 0 },
      "bad_output",
      "Claude Code ended without a result: ask again, and update Claude Code if it happens twice.",
    ],
    [
      { code: 0, events: [42, "text"] },
      "bad_output",
      "Claude Code ended without a result and printed 2 unreadable lines: see the consult's spool, and update Claude Code or phone-opus.",
    ],
  ])("by %j is %s", (ended, reason, detail) => {
    expect(faultOf(ended)).toEqual([reason, detail]);
  });

  test("after one unreadable line says so in the singular", () => {
    expect(faultOf({ code: 0, events: [42] })).toEqual([
      "bad_output",
      "Claude Code ended without a result and printed 1 unreadable line: see the consult's spool, and update Claude Code or phone-opus.",
    ]);
  });

  test("because of the configuration quotes the result where stderr is silent", () => {
    const result = {
      type: "result",
      subtype: "error_during_execution",
      is_error: true,
      errors: ["Configuration error", "in ~/.claude.json"],
    };
    expect(faultOf({ events: [result] })).toEqual([
      "failed",
      "Claude Code exited with code 1: Configuration error in ~/.claude.json. Try `claude -p hello` in a terminal.",
    ]);
  });
});

describe("a success", () => {
  const success = { type: "result", subtype: "success", is_error: false };

  test("with an exit code of 1 but an answer is an answer", () => {
    expect(
      faultOf({ events: [{ ...success, result: "42" }], code: 1 }),
    ).toBeUndefined();
  });

  test("with an exit code of 1 and no answer is a failure", () => {
    expect(faultOf({ events: [{ ...success, result: "" }], code: 1 })).toEqual([
      "failed",
      "Claude Code exited with code 1: it said nothing. Try `claude -p hello` in a terminal.",
    ]);
  });

  test("of a subtype from the future is none", () => {
    const result = { ...success, subtype: "error_new", errors: ["Why not"] };
    expect(faultOf({ events: [result] })).toEqual([
      "failed",
      "Claude Code ended with an error: Why not.",
    ]);
  });
});
