// From a reply to the answer that clients see: every field finds its name, and what
// is unknown is null.

import { expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import { consultIdSchema } from "../../src/base/ids.ts";
import { answerFrom, consultOutcomeSchema } from "../../src/consult/answer.ts";
import { consultAnswerSchema } from "../../src/tools/answer.ts";
import { bareReply, fullReply } from "./samples.ts";

const id = consultIdSchema.parse(`c_${"1".repeat(32)}`);

const full = answerFrom(
  id,
  { prompt: "Why?", cwd: "/home/ann", max_turns: 4, resume: "r" },
  fullReply,
);
const bare = answerFrom(id, { prompt: "?", cwd: "/" }, bareReply);

test("a full reply gives a full answer", () => {
  expect(full).toEqual({
    response: "Because.\r\n",
    consult_id: id,
    cwd: "/home/ann",
    prompt: "Why?",
    max_turns: 4,
    model: "opus",
    duration_ms: 1200.5,
    duration_api_ms: 900,
    num_turns: 2,
    stop_reason: "end_turn",
    session_id: "s",
    total_cost_usd: 0,
    usage: { input_tokens: 1 },
    model_usage: { opus: { costUSD: 0 } },
    permission_denials: [{ tool_name: "Write" }],
    fast_mode_state: "off",
    uuid: "u",
  });
});

test("what a reply does not tell is null", () => {
  expect(bare).toEqual({
    response: "",
    consult_id: id,
    cwd: "/",
    prompt: "?",
    max_turns: null,
    model: null,
    duration_ms: 0,
    duration_api_ms: null,
    num_turns: 0,
    stop_reason: null,
    session_id: null,
    total_cost_usd: null,
    usage: null,
    model_usage: null,
    permission_denials: [],
    fast_mode_state: null,
    uuid: null,
  });
});

test("an answer survives JSON and its schema", () => {
  for (const answer of [full, bare]) {
    const copy: unknown = JSON.parse(JSON.stringify(answer));
    expect(consultAnswerSchema.parse(copy)).toEqual(answer);
  }
});

test("an outcome is done with an answer, or failed or cancelled with a fault", () => {
  const fault = faultRecord({
    code: "cancelled",
    stage: "claude",
    operation: "tools/call:consult",
    detail: "Cancelled.",
  });
  const accepted = (value: unknown) =>
    consultOutcomeSchema.safeParse(value).success;
  expect([
    accepted({ status: "done", answer: full }),
    accepted({ status: "failed", fault }),
    accepted({ status: "cancelled", fault }),
    accepted({ status: "done", fault }),
    accepted({ status: "failed", answer: full }),
    accepted({ status: "running" }),
    accepted({ status: "done", answer: { ...full, num_turns: "2" } }),
  ]).toEqual([true, true, true, false, false, false, false]);
});
