// The real Claude Code behind the compiled binary, failing: each failure is one sentence with a next step, a reason
// and an exit code, and leaves no process. One retry, so that no test waits for minutes.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { Script, Step } from "../../src/messages-api/script.ts";
import { startWorld, type WorldOptions } from "./claude-code.ts";

setDefaultTimeout(60_000);

const error = (status: number, type: string, message: string): Script => [
  { kind: "error", status, type, message },
];
const text: Step = { kind: "text", text: "The whole answer." };
const endlessly: Script = [
  { kind: "tool", calls: [{ name: "Bash", input: { command: "pwd" } }] },
];

interface Case {
  readonly name: string;
  readonly script: Script;
  readonly options?: WorldOptions;
  readonly words?: readonly string[];
  readonly code: number;
  readonly reason: string;
  /** How many times the API was asked. */
  readonly requests: number;
  readonly detail: RegExp;
}

const cases: readonly Case[] = [
  {
    name: "a wrong API key",
    script: error(401, "authentication_error", "invalid x-api-key"),
    code: 1,
    reason: "auth",
    requests: 2,
    detail:
      /^The API refused the credentials of Claude Code \(401\): Invalid API key.* correct ANTHROPIC_API_KEY\.$/,
  },
  {
    name: "a rate limit, retries exhausted",
    script: error(429, "rate_limit_error", "Too many requests"),
    code: 1,
    reason: "rate_limit",
    requests: 2,
    detail:
      /^A usage limit is reached: .*Too many requests\. Try again when it is over\.$/,
  },
  {
    name: "no retries allowed",
    script: error(429, "rate_limit_error", "Too many requests"),
    options: { environment: { PHONE_OPUS_CLAUDE_MAX_RETRIES: "0" } },
    code: 1,
    reason: "rate_limit",
    requests: 1,
    detail: /^A usage limit is reached: /,
  },
  {
    name: "an overloaded API",
    script: error(529, "overloaded_error", "Overloaded"),
    code: 1,
    reason: "overloaded",
    requests: 2,
    detail: /^The API is overloaded: .*Try again in a few minutes/,
  },
  {
    name: "an API that fails inside",
    script: error(500, "api_error", "Internal server error"),
    code: 1,
    reason: "api_error",
    requests: 2,
    detail: /^The API failed \(500\): .*Try again\.$/,
  },
  {
    name: "an unknown model",
    script: error(404, "not_found_error", "model: claude-nope"),
    words: ["--model", "claude-nope"],
    code: 1,
    reason: "model_unknown",
    requests: 2,
    detail: /claude-nope.* Name another one, or leave model out\.$/,
  },
  {
    name: "no login and no key",
    script: [text],
    options: { environment: { ANTHROPIC_API_KEY: undefined } },
    code: 4,
    reason: "not_logged_in",
    requests: 0,
    detail: /^Claude Code is not logged in here: run `claude` in a terminal/,
  },
  {
    name: "no credit",
    script: error(
      400,
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API.",
    ),
    code: 1,
    reason: "billing",
    requests: 1,
    detail: /^The account has no credit left: .* Add credit or log in/,
  },
  {
    name: "a prompt too long for the model",
    script: error(
      400,
      "invalid_request_error",
      "prompt is too long: 300000 tokens > 200000 maximum",
    ),
    code: 1,
    reason: "prompt_too_long",
    requests: 1,
    detail: /^The prompt is longer than the model takes: shorten it/,
  },
  {
    name: "an API that cannot be reached",
    script: [text],
    options: { environment: { ANTHROPIC_BASE_URL: "http://127.0.0.1:9" } },
    code: 1,
    reason: "api_error",
    requests: 0,
    detail: /Connection refused.* (Try again|Check)/,
  },
  {
    name: "turns used up",
    script: endlessly,
    words: ["--max-turns", "2"],
    code: 1,
    reason: "max_turns",
    requests: 2,
    detail: /^Claude Code used all its turns .*: raise max_turns/,
  },
  {
    name: "the budget reached in mid-work",
    script: endlessly,
    words: ["--max-budget-usd", "0.000001"],
    code: 1,
    reason: "budget",
    requests: 1,
    detail: /^Claude Code reached the budget .*: raise max_budget_usd/,
  },
  {
    name: "a session that does not exist",
    script: [text],
    words: ["--resume", "01a1fd49-5b1c-71f5-9f7a-511146443435"],
    code: 1,
    reason: "session_unknown",
    requests: 0,
    detail: /^Claude Code has no such session in this directory: /,
  },
  {
    name: "a binary that is not there",
    script: [text],
    options: { environment: { PHONE_OPUS_CLAUDE_BIN: "/no/such/claude" } },
    code: 4,
    reason: "not_installed",
    requests: 0,
    detail: /^PHONE_OPUS_CLAUDE_BIN is "\/no\/such\/claude", which is no/,
  },
];

test.each(cases.map((entry) => [entry.name, entry] as const))(
  "%s is explained",
  async (_name, { script, options, words = [], code, reason, ...expected }) => {
    await using world = await startWorld(script, options);
    const fault = await world.fault([...words, "Which key?"]);
    expect(fault.record.fault).toMatchObject({
      class: "downstream",
      code: "downstream_failure",
      reason,
    });
    expect(fault.record.fault.detail).toMatch(expected.detail);
    expect(fault.stderr).toStartWith(
      `phone-opus: ${fault.record.fault.detail}`,
    );
    expect(fault.code).toBe(code);
    expect(world.api.requests.length).toBe(expected.requests);
    expect(await world.leftovers()).toEqual([]);
  },
);

test("an answer that was complete when the budget broke is not lost", async () => {
  await using world = await startWorld([text]);
  const words = ["--max-budget-usd", "0.000001", "Which key?"];
  const { record, code } = await world.fault(words);
  expect(record.partial_response).toBe("The whole answer.");
  expect(code).toBe(1);
  const shown = await world.run(["consult", ...words]);
  expect(shown.stderr).toContain("Written so far:\nThe whole answer.\n");
  expect(shown.stdout).toBe("");
});

test("over MCP a failure is an isError result with the sentence and the record", async () => {
  await using world = await startWorld(
    error(401, "authentication_error", "invalid x-api-key"),
  );
  await using session = await world.connect();
  const result = await session.consult({ prompt: "Which key?" });
  expect(result.isError).toBe(true);
  expect(result.text).toMatch(
    /^The API refused the credentials of Claude Code \(401\): .* \(session [0-9a-f-]{36}\)$/,
  );
  expect(result.structured).toMatchObject({
    fault: { generation: 1, code: "downstream_failure", reason: "auth" },
    stage: "claude",
    operation: "tools/call:consult",
    jsonrpc_code: -32603,
    retryable: false,
    retried: false,
  });
});

test("a failed consult is resumed with its question still in the session", async () => {
  const steps: Step[] = [
    {
      kind: "error",
      status: 400,
      type: "invalid_request_error",
      message: "Your credit balance is too low to access the Anthropic API.",
    },
    text,
  ];
  await using world = await startWorld(steps);
  const { record } = await world.fault(["In which key is the trumpet?"]);
  const answer = await world.answer([
    "--resume",
    record.consult_id ?? "",
    "Once more.",
  ]);
  expect(answer.response).toBe("The whole answer.");
  expect(JSON.stringify(world.api.requests[1]?.body.messages)).toContain(
    "In which key is the trumpet?",
  );
});
