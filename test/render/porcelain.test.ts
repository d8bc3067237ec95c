// The text form, letter by letter: models and people read it, scripts will too.

import { describe, expect, test } from "bun:test";
import {
  answerText,
  formatCost,
  formatDuration,
} from "../../src/render/porcelain.ts";
import { bareAnswer, consultId, fullAnswer } from "./samples.ts";

const lines = (...each: string[]) => each.join("\n");

test("a concise answer is status, place, session and the answer", () => {
  expect(answerText(fullAnswer, "concise")).toBe(
    lines(
      "consult ok turns=3 duration=61.234s model=claude-opus-4-5 stop=end_turn cost=$0.123457",
      "cwd: /home/ann/shop",
      "session: 0198c0de-0000-7000-8000-00000000cafe",
      "permission_denials: 2",
      "response:",
      "Because of X.",
      "",
    ),
  );
});

test("a full answer lists everything line by line", () => {
  expect(answerText(fullAnswer, "full")).toBe(
    lines(
      "consult ok turns=3",
      `consult: ${consultId}`,
      "cwd: /home/ann/shop",
      String.raw`prompt: "Why does \"x\" fail?\nSee main.ts"`,
      "max_turns: 12",
      "duration: 61.234s",
      "api_duration: 999ms",
      "model: claude-opus-4-5",
      "stop: end_turn",
      "session: 0198c0de-0000-7000-8000-00000000cafe",
      "cost_usd: 0.123457",
      "permission_denials: 2",
      String.raw`denied: {"tool_name":"Write","tool_input":{"file_path":"/etc/x\ny"}}`,
      'denied: "Bash"',
      "fast_mode: off",
      "uuid: 5b1f",
      "usage: input_tokens=1200 output_tokens=50 service_tier=standard",
      'model_usage: claude-opus-4-5 {"inputTokens":1200,"costUSD":0.12}',
      'model_usage: claude-haiku-4-5 {"inputTokens":10,"costUSD":0}',
      "response:",
      "Because of X.",
      "",
    ),
  );
});

test("what is unknown is left out, in both forms", () => {
  expect(answerText(bareAnswer, "concise")).toBe(
    lines("consult ok turns=0 duration=0ms", "cwd: /", "response:", ""),
  );
  expect(answerText(bareAnswer, "full")).toBe(
    lines(
      "consult ok turns=0",
      `consult: ${consultId}`,
      "cwd: /",
      'prompt: "?"',
      "duration: 0ms",
      "permission_denials: 0",
      "response:",
      "",
    ),
  );
});

test("what is zero is not unknown", () => {
  const text = answerText({ ...bareAnswer, total_cost_usd: 0 }, "concise");
  expect(text).toStartWith("consult ok turns=0 duration=0ms cost=$0.000000\n");
});

describe.each([
  ["trailing line feeds", "answer\n\n\n"],
  ["leading blanks", "  \n\tanswer"],
  ["CRLF", "one\r\ntwo\r\n"],
  ["markdown fences", "```ts\nconst a = `b`;\n```\n"],
  ["lines like our own", "response:\nsession: x\nconsult ok"],
  ["separators and NUL", "a\u2028b\u0000c\u001b[31m"],
  ["nothing", ""],
])("an answer with %s", (_, response) => {
  test.each([["concise" as const], ["full" as const]])(
    "is untouched in the %s form",
    (detail) => {
      const text = answerText({ ...bareAnswer, response }, detail);
      const head = "\nresponse:\n";
      expect(text.slice(text.indexOf(head) + head.length)).toBe(response);
    },
  );
});

test("an answer of 10 MB comes whole", () => {
  const response = "x".repeat(10_000_000);
  const text = answerText({ ...bareAnswer, response }, "concise");
  expect(text.length).toBe(
    "consult ok turns=0 duration=0ms\ncwd: /\nresponse:\n".length +
      response.length,
  );
  expect(text.endsWith(response)).toBe(true);
});

test("a long prompt is cut on its line and says how long it is", () => {
  const prompt = "p".repeat(600);
  const text = answerText({ ...bareAnswer, prompt }, "full");
  expect(text.split("\n")[3]).toBe(
    `prompt: "${"p".repeat(511)}… (602 characters)`,
  );
});

test.each([
  [0, "0ms"],
  [0.4, "0ms"],
  [12, "12ms"],
  [999, "999ms"],
  [999.4, "999ms"],
  [999.6, "1.000s"],
  [1000, "1.000s"],
  [1000.5, "1.001s"],
  [61_234, "61.234s"],
  [3_600_000, "3600.000s"],
])("%d ms are written %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, "0.000000"],
  [0.0000004, "0.000000"],
  [0.0000006, "0.000001"],
  [0.05, "0.050000"],
  [1234.5, "1234.500000"],
])("%d dollars are written %s", (usd, text) => {
  expect(formatCost(usd)).toBe(text);
});

test("a cost that nobody knows is not written", () => {
  expect(formatCost(null)).toBe(null);
});

test("usage that holds nothing to show has no line", () => {
  const usage = { cache_creation: {}, iterations: [], speed: null, tier: "" };
  expect(answerText({ ...bareAnswer, usage }, "full")).not.toContain("usage");
});

// Names come from file systems: none may forge a line of ours.
test("a directory name cannot forge a line", () => {
  const cwd = "/home/x\nsession: forged";
  expect(answerText({ ...bareAnswer, cwd }, "concise").split("\n").length).toBe(
    4,
  );
});
