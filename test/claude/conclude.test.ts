// From an ended run to its outcome, with the real Claude Code's recorded output: an
// answer, or a fault whose sentence says what happened and what to do next.

import { describe, expect, test } from "bun:test";
import { consultIdSchema } from "../../src/base/ids.ts";
import { conclude, type Ending } from "../../src/claude/conclude.ts";
import type { Transcript } from "../../src/claude/transcript.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { parseSettings } from "../../src/sys/settings.ts";
import type { Exit } from "../../src/sys/spawn.ts";
import { type Recording, recorded, transcriptOf } from "./recorded.ts";

const consultId = consultIdSchema.parse(`c_${"0123456789abcdef".repeat(2)}`);
const request: ConsultRequest = { prompt: "When?", cwd: "/project" };
const exited: Ending = { kind: "exited" };

interface Run {
  readonly transcript: Transcript;
  readonly ending?: Ending;
  readonly exit?: Exit;
  readonly stderrTail?: string;
  readonly request?: ConsultRequest;
}

function concluded(run: Run): unknown {
  const settings = parseSettings({});
  if (!settings.ok) throw new Error(settings.problem);
  return conclude({
    ending: exited,
    exit: { code: 1, signal: undefined },
    stderrTail: "",
    consultId,
    request,
    settings: settings.settings,
    ...run,
  });
}

const ofRecording = (name: Recording) => transcriptOf([recorded(name)]);

/** The fault of a run of Claude's own making, as clients see it. */
function fault(reason: string, detail: string, more: object = {}) {
  return {
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
    consult_id: consultId,
    ...more,
  };
}

describe("a recorded failure", () => {
  test.each([
    [
      "auth-401",
      "auth",
      "The API refused the credentials of Claude Code (401): Invalid API key · Fix external API key. Run `claude` and log in again, or correct ANTHROPIC_API_KEY.",
      { session_id: "949e9295-5c76-424e-8934-3565fbe543e6" },
    ],
    [
      "budget",
      "budget",
      "Claude Code reached the budget of this consult: raise max_budget_usd, or resume the session to go on.",
      {
        session_id: "f6b08114-88d6-4388-977b-d22207a1de56",
        partial_response: "The bell rings at noon.",
      },
    ],
    [
      "low-credit-400",
      "billing",
      "The account has no credit left: Credit balance is too low. Add credit or log in with another account.",
      { session_id: "33bb0154-f7e5-4665-8c24-35d2c7ab02a4" },
    ],
    [
      "max-turns",
      "max_turns",
      "Claude Code used all its turns before it could answer: raise max_turns, ask a narrower question, or resume the session to go on.",
      { session_id: "bdebcdea-77d0-4f06-adba-2852e22939cf" },
    ],
    [
      "model-404",
      "model_unknown",
      "The API does not know this model: There's an issue with the selected model (claude-nope). It may not exist or you may not have access to it. Run --model to pick a different model. Name another one, or leave model out.",
      { session_id: "8e1ef303-dcb1-441b-a707-88e14bb9dd94" },
    ],
    [
      "not-logged-in",
      "not_logged_in",
      "Claude Code is not logged in here: run `claude` in a terminal and log in, or give this server the variable ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.",
      {},
    ],
    [
      "overloaded-529",
      "overloaded",
      "The API is overloaded: API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (127.0.0.1:4000). Try again in a few minutes, or name another model.",
      { session_id: "5c3be305-b4e5-4aaa-87cd-e77d817dbe68" },
    ],
    [
      "rate-limit-429",
      "rate_limit",
      "A usage limit is reached: API Error: Request rejected (429) · This request would exceed your organization's rate limit. Try again when it is over.",
      { session_id: "53a5f803-ce66-4da6-89d7-3aa0bc15db6f" },
    ],
    [
      "subscription-limit-429",
      "rate_limit",
      "A usage limit is reached: You've hit your 5-hour limit · resets 10:35am (UTC). Try again when it is over.",
      {
        session_id: "30231875-a735-424c-947e-fd681041bb5e",
        retry_at_unix_ms: 1_795_257_322_000,
      },
    ],
    [
      "resume-unknown",
      "session_unknown",
      "Claude Code has no such session in this directory: No conversation found with session ID: 00000000-0000-4000-8000-000000000000. Pass the cwd of the first consult, or leave resume out.",
      {},
    ],
  ] as const)("%s is %s, with the next step", (name, reason, detail, more) => {
    expect(concluded({ transcript: ofRecording(name) })).toEqual({
      status: "failed",
      fault: fault(reason, detail, more),
    });
  });

  test.each([
    [
      "interrupted",
      "bad_output",
      "Claude Code ended without a result: ask again, and update Claude Code if it happens twice.",
      {
        session_id: "bc1b56cc-fdbe-4bd1-a436-f5072c46fd1d",
        partial_response: "The bell",
      },
    ],
    [
      "interrupted-in-tool",
      "killed",
      "Claude Code was interrupted before it answered: resume the session to go on, or ask again.",
      { session_id: "6e599dfc-39e8-4b99-bb0c-4ede34b7ba03" },
    ],
  ] as const)(
    "%s, by somebody else and with exit code 0, is %s",
    (name, reason, detail, more) => {
      const exit = { code: 0, signal: undefined };
      expect(concluded({ transcript: ofRecording(name), exit })).toEqual({
        status: "failed",
        fault: fault(reason, detail, more),
      });
    },
  );
});

describe("a recorded answer", () => {
  const exit = { code: 0, signal: undefined };

  test("is what clients get, field by field", () => {
    const transcript = ofRecording("success-read");
    const result = transcript.result();
    expect(concluded({ transcript, exit })).toEqual({
      status: "done",
      answer: {
        response: "The bell rings at noon.",
        consult_id: consultId,
        cwd: "/project",
        prompt: "When?",
        max_turns: null,
        model: "claude-opus-5-5",
        duration_ms: 149,
        duration_api_ms: 53,
        num_turns: 2,
        stop_reason: "end_turn",
        session_id: "6a7f4baf-c083-4b9f-b75c-15c78d7675a5",
        total_cost_usd: 0.0286,
        usage: result?.usage ?? null,
        model_usage: result?.modelUsage ?? null,
        permission_denials: [],
        fast_mode_state: "off",
        uuid: "bfea0bab-0d53-4fd1-b01a-20aad0ebf626",
      },
    });
    expect(result?.usage).toMatchObject({ input_tokens: 6500 });
  });

  test("that was continued is whole, although `result` has its end only", () => {
    const transcript = ofRecording("max-tokens-continued");
    expect(transcript.result()?.result).toBe("at noon.");
    expect(concluded({ transcript, exit })).toMatchObject({
      status: "done",
      answer: { response: "The bell rings at noon.", num_turns: 2 },
    });
  });

  test("names what was denied", () => {
    const transcript = ofRecording("permission-denied");
    expect(concluded({ transcript, exit })).toMatchObject({
      answer: {
        response: "I may not.",
        permission_denials: [
          { tool_name: "Bash", tool_input: { command: "touch made.txt" } },
        ],
      },
    });
  });

  test.each([
    { kind: "finished" },
    { kind: "cancelled", why: "The client cancelled." },
    { kind: "limit", limit: "time" },
    { kind: "limit", limit: "output" },
  ] as const)("that came before the end by %j is an answer", (ending) => {
    const killed = { code: undefined, signal: "SIGKILL" };
    const transcript = ofRecording("success-read");
    expect(concluded({ transcript, ending, exit: killed })).toMatchObject({
      status: "done",
      answer: { response: "The bell rings at noon." },
    });
  });
});
