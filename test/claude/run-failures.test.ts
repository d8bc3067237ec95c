// Runs that end without an answer: the exact fault for every way in which Claude can
// fail, recorded in the spool, and nothing left running.

import { describe, expect, test } from "bun:test";
import { sessionIdOf } from "../../src/claude/command.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { fakeClaude } from "../fake-claude/fake-claude.ts";
import { consulting } from "./consulting.ts";
import { anyReceipt } from "./matching.ts";

interface Failure {
  readonly program: FakeClaudeName;
  readonly reason: string;
  readonly detail: string;
  /** Whether Claude got as far as naming its session. */
  readonly hasSession: boolean;
  readonly partial?: string;
  readonly request?: Partial<ConsultRequest>;
}

const unauthorized =
  "Claude Code is not logged in here: run `claude` in a terminal and log in, or give this server the variable ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.";
const badConfig =
  "Claude Code exited with code 1: Configuration error in ~/.claude.json: JSON Parse error: Expected '}'. Try `claude -p hello` in a terminal.";
const unknownSession = "6a7f4baf-c083-4b9f-b75c-15c78d7675a5";
const noConversation = `Claude Code has no such session in this directory: No conversation found with session ID: ${unknownSession}. Pass the cwd of the first consult, or leave resume out.`;

const failures: readonly Failure[] = [
  {
    program: "budget-exceeded",
    reason: "budget",
    detail:
      "Claude Code reached the budget of this consult: raise max_budget_usd, or resume the session to go on.",
    hasSession: true,
    partial: "The answer is 42.",
    request: { max_budget_usd: 0.01 },
  },
  {
    program: "low-credit",
    reason: "billing",
    detail:
      "The account has no credit left: Credit balance is too low. Add credit or log in with another account.",
    hasSession: true,
  },
  {
    program: "malformed-config",
    reason: "failed",
    detail: badConfig,
    hasSession: false,
  },
  {
    program: "malformed-config-with-result",
    reason: "failed",
    detail: badConfig,
    hasSession: false,
  },
  {
    program: "max-turns",
    reason: "max_turns",
    detail:
      "Claude Code used all its turns before it could answer: raise max_turns, ask a narrower question, or resume the session to go on.",
    hasSession: true,
    request: { max_turns: 1 },
  },
  {
    program: "not-logged-in",
    reason: "not_logged_in",
    detail: unauthorized,
    hasSession: false,
  },
  {
    program: "unauthorized-oauth",
    reason: "not_logged_in",
    detail: unauthorized,
    hasSession: false,
  },
  {
    program: "unauthorized-api-key",
    reason: "auth",
    detail:
      "The API refused the credentials of Claude Code (401): Invalid API key · Fix external API key. Run `claude` and log in again, or correct ANTHROPIC_API_KEY.",
    hasSession: true,
  },
  {
    program: "overloaded",
    reason: "overloaded",
    detail:
      "The API is overloaded: API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment. Try again in a few minutes, or name another model.",
    hasSession: true,
  },
  {
    program: "prompt-too-long",
    reason: "prompt_too_long",
    detail:
      "The prompt is longer than the model takes: shorten it, or name files for Claude to read instead of pasting them.",
    hasSession: true,
  },
  {
    program: "rate-limited",
    reason: "rate_limit",
    detail:
      "A usage limit is reached: API Error: Request rejected (429) · This request would exceed your account's rate limit. Please try again later. Try again when it is over.",
    hasSession: true,
  },
  {
    program: "subscription-limit",
    reason: "rate_limit",
    detail:
      "A usage limit is reached: You've hit your limit · resets 3pm (UTC). Try again when it is over.",
    hasSession: true,
  },
  {
    program: "refusal",
    reason: "refused",
    detail:
      "The model refused to answer: API Error: Opus 5.5's safeguards flagged this message. Try rephrasing the request in a new session or change your model. Rephrase the question or name another model.",
    hasSession: true,
  },
  {
    program: "server-error",
    reason: "api_error",
    detail:
      "The API failed (500): API Error: 500 Internal server error. This is a server-side issue, usually temporary — try again in a moment. Try again.",
    hasSession: true,
  },
  {
    program: "unknown-model",
    reason: "model_unknown",
    detail:
      "The API does not know this model: There's an issue with the selected model (nope). It may not exist or you may not have access to it. Run --model to pick a different model. Name another one, or leave model out.",
    hasSession: true,
    request: { model: "nope" },
  },
  {
    program: "session-not-found",
    reason: "session_unknown",
    detail: noConversation,
    hasSession: false,
    request: { resume: unknownSession },
  },
  {
    program: "session-not-found-with-result",
    reason: "session_unknown",
    detail: noConversation,
    hasSession: false,
    request: { resume: unknownSession },
  },
  {
    program: "crashes-midway",
    reason: "killed",
    detail:
      "Claude Code was killed by SIGKILL before it answered: look for what ended it (often the memory limit), then ask again.",
    hasSession: true,
    partial: "The answer is",
  },
  {
    program: "exits-7",
    reason: "failed",
    detail:
      "Claude Code exited with code 7: boom. Try `claude -p hello` in a terminal.",
    hasSession: false,
  },
  {
    program: "half-a-line",
    reason: "bad_output",
    detail:
      "Claude Code ended without a result and printed 1 unreadable line: see the consult's spool, and update Claude Code or phone-opus.",
    hasSession: true,
  },
  {
    program: "invalid-json",
    reason: "bad_output",
    detail:
      "Claude Code ended without a result and printed 3 unreadable lines: see the consult's spool, and update Claude Code or phone-opus.",
    hasSession: false,
  },
  {
    program: "no-output",
    reason: "bad_output",
    detail:
      "Claude Code ended without a result: ask again, and update Claude Code if it happens twice.",
    hasSession: false,
  },
];

describe("a failure", () => {
  test.each(failures.map((failure) => [failure.program, failure] as const))(
    "of %s is told exactly, recorded, and leaves nothing running",
    async (program, failure) => {
      const { request = {}, hasSession, partial, reason, detail } = failure;
      await using here = consulting({ program });
      const { id, outcome, spool } = await here.ask({ request });
      expect<unknown>(outcome).toEqual({
        status: "failed",
        fault: {
          fault: {
            generation: 1,
            class: "downstream",
            code: "downstream_failure",
            directive: "abort_request",
            detail,
            reason,
          },
          stage: "claude",
          operation: "tools/call:consult",
          jsonrpc_code: -32603,
          retryable: false,
          retried: false,
          consult_id: id,
          ...(hasSession ? { session_id: sessionIdOf(id) } : {}),
          ...(partial === undefined ? {} : { partial_response: partial }),
          receipt: anyReceipt(),
        },
      });
      expect(spool.readOutcome()).toEqual(outcome);
      expect((await here.starts()).length).toBe(1);
      expect(await here.survivors()).toEqual([]);
    },
  );
});

test("a line beyond the limit is unreadable, whatever it holds", async () => {
  await using here = consulting({
    program: "long-answer",
    environment: { PHONE_OPUS_MAX_LINE_BYTES: "1048576" },
  });
  expect((await here.ask()).outcome).toMatchObject({
    status: "failed",
    fault: { fault: { reason: "bad_output" } },
  });
});

test("a version that is too old is told before anything is asked", async () => {
  await using here = consulting({ program: "old-version" });
  const { outcome, spool } = await here.ask();
  expect(outcome).toMatchObject({
    status: "failed",
    fault: {
      fault: {
        reason: "too_old",
        detail: `Claude Code 1.0.20 at ${fakeClaude("old-version")} is too old to be run read-only, 2.1.0 is the least: update it with \`claude update\`.`,
      },
    },
  });
  expect(await here.starts()).toEqual([]);
  expect(await Bun.file(spool.promptPath).exists()).toBe(false);
});
