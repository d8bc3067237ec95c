// Values and faults as results of `tools/call`, one representation each.

import { expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import {
  faultResult,
  faultText,
  toolResult,
} from "../../src/render/tool-result.ts";
import { consultId, timeoutFault } from "./samples.ts";

const rendering = {
  text: () => "line one\nline two\n",
  json: () => ({ response: "é\n", nothing: null }),
};

test("porcelain is text alone", () => {
  const result = toolResult(
    { render: "porcelain", detail: "concise" },
    rendering,
  );
  expect(result).toStrictEqual({
    content: [{ type: "text", text: "line one\nline two\n" }],
    isError: false,
  });
  expect(Object.keys(result)).not.toContain("structuredContent");
});

test("json is structured, and the same as text", () => {
  expect(
    toolResult({ render: "json", detail: "full" }, rendering),
  ).toStrictEqual({
    content: [{ type: "text", text: '{"response":"é\\n","nothing":null}' }],
    structuredContent: { response: "é\n", nothing: null },
    isError: false,
  });
});

test("only the form that was asked for is made", () => {
  const unwanted = () => {
    throw new Error("nobody asked for this");
  };
  toolResult(
    { render: "porcelain", detail: "full" },
    { ...rendering, json: unwanted },
  );
  toolResult(
    { render: "json", detail: "full" },
    { ...rendering, text: unwanted },
  );
});

test("a fault is an error with one sentence and the record", () => {
  expect(faultResult(timeoutFault)).toStrictEqual({
    content: [{ type: "text", text: "No answer in 30 minutes: ask for less." }],
    structuredContent: { ...timeoutFault },
    isError: true,
  });
});

test("the sentence names the session that can be resumed", () => {
  const fault = { ...timeoutFault, consult_id: consultId, session_id: "s-1" };
  expect(faultText(fault)).toBe(
    "No answer in 30 minutes: ask for less. (session s-1)",
  );
  expect(faultResult(fault)).toStrictEqual({
    content: [
      {
        type: "text",
        text: "No answer in 30 minutes: ask for less. (session s-1)",
      },
    ],
    structuredContent: { ...fault },
    isError: true,
  });
});

test("what had been written of an answer is shown too", () => {
  const fault = { ...timeoutFault, partial_response: "Half an\n" };
  expect(faultResult(fault)).toStrictEqual({
    content: [
      { type: "text", text: "No answer in 30 minutes: ask for less." },
      { type: "text", text: "Written so far:\nHalf an\n" },
    ],
    structuredContent: { ...fault },
    isError: true,
  });
});

test("the record of a fault survives JSON as it is", () => {
  const fault = faultRecord({
    code: "downstream_failure",
    stage: "claude",
    operation: "tools/call:consult",
    detail: "Limit reached.",
    reason: "rate_limit",
    retryAtUnixMs: 1_800_000_000_000,
  });
  const { structuredContent } = faultResult(fault);
  const copy: unknown = JSON.parse(JSON.stringify(structuredContent));
  expect(copy).toEqual(fault);
});
