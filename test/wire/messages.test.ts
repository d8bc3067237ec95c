// What may go over the wire, and what is refused. Both ends read with these schemas.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { faultRecord } from "../../src/base/fault.ts";
import {
  toHostSchema,
  toWorkerSchema,
  wireProtocol,
} from "../../src/wire/messages.ts";

const consultId = `c_${"0".repeat(32)}`;
const fault = faultRecord({
  code: "timeout",
  stage: "claude",
  operation: "tools/call:consult",
  detail: "Too slow.",
});

const execute = {
  kind: "execute",
  id: 1,
  operation: "consult",
  consult_id: consultId,
  arguments: { prompt: "Why?" },
  owner: { pid: 4241, start_time: "81234" },
};
const cancel = { kind: "cancel", id: 1, reason: "" };
const delivered = {
  kind: "delivered",
  consult_id: consultId,
  owner: { pid: 1, start_time: "2" },
};
const end = { kind: "end", reason: "the client is gone" };
const hello = {
  kind: "hello",
  protocol: wireProtocol,
  version: "0.1.0",
  generation: 1,
  pid: 42,
};
const accepted = {
  kind: "accepted",
  id: 1,
  consult_id: consultId,
  is_attached: false,
};
const progress = {
  kind: "progress",
  id: 1,
  progress: { elapsed_ms: 0.5, message: "turn 1", queue_position: 0 },
};
const answer = {
  kind: "answer",
  id: 1,
  outcome: { status: "success", result: { response: "Because." } },
};
const failedAnswer = { ...answer, outcome: { status: "fault", fault } };
const complaint = { kind: "complaint", fault };

const overJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each([
  ["execute", execute],
  ["execute without arguments in it", { ...execute, arguments: {} }],
  ["attach", { ...execute, operation: "attach", arguments: {} }],
  ["cancel", cancel],
  ["delivered", delivered],
  ["end", end],
])("the worker accepts %s, unchanged", (_, message) => {
  expect(toWorkerSchema.parse(overJson(message))).toEqual(
    toWorkerSchema.parse(message),
  );
  expect<unknown>(toWorkerSchema.parse(message)).toEqual(message);
});

test.each([
  ["hello", hello],
  ["hello of a protocol to come", { ...hello, protocol: 99 }],
  ["accepted", accepted],
  ["accepted of an earlier one", { ...accepted, is_attached: true }],
  ["progress", progress],
  ["answer", answer],
  [
    "answer of any JSON",
    { ...answer, outcome: { status: "success", result: null } },
  ],
  ["answer with a fault", failedAnswer],
  ["complaint", complaint],
])("the host accepts %s, unchanged", (_, message) => {
  expect<unknown>(toHostSchema.parse(overJson(message))).toEqual(message);
});

test.each([
  ["no object", [execute]],
  ["an unknown kind", { ...execute, kind: "explode" }],
  ["no kind", { id: 1 }],
  ["id 0", { ...execute, id: 0 }],
  ["a text as id", { ...cancel, id: "1" }],
  ["another operation", { ...execute, operation: "rm" }],
  ["no consult id", { ...execute, consult_id: undefined }],
  ["a path as consult id", { ...execute, consult_id: "c_../x" }],
  ["arguments that are a list", { ...execute, arguments: [] }],
  ["an unknown field", { ...execute, shell: true }],
  ["execute without its owner", { ...execute, owner: undefined }],
  ["an owner without a start time", { ...execute, owner: { pid: 1 } }],
  ["delivered of nothing", { kind: "delivered" }],
  ["delivered by operation", { ...delivered, id: 1 }],
  ["end without a reason", { kind: "end" }],
  ["cancel without a reason", { kind: "cancel", id: 1 }],
  ["a message for the host", hello],
])("the worker refuses %s", (_, message) => {
  expect(toWorkerSchema.safeParse(overJson(message)).success).toBe(false);
});

test.each([
  ["no object", null],
  ["an unknown kind", { ...hello, kind: "goodbye" }],
  ["generation 0", { ...hello, generation: 0 }],
  ["a fraction as process", { ...hello, pid: 1.5 }],
  ["hello without protocol", { ...hello, protocol: undefined }],
  ["accepted without a consult", { ...accepted, consult_id: undefined }],
  ["accepted as who knows what", { ...accepted, is_attached: undefined }],
  ["progress without a message", { ...progress, progress: { elapsed_ms: 1 } }],
  [
    "progress with an unknown field",
    { ...progress, progress: { ...progress.progress, percent: 5 } },
  ],
  ["an answer without outcome", { kind: "answer", id: 1 }],
  ["success without a result", { ...answer, outcome: { status: "success" } }],
  [
    "an outcome of a third kind",
    { ...answer, outcome: { status: "maybe", result: 1 } },
  ],
  [
    "a fault of an unknown code",
    {
      kind: "complaint",
      fault: { ...fault, fault: { ...fault.fault, code: "oops" } },
    },
  ],
  ["an unknown field", { ...answer, extra: 1 }],
  ["a message for the worker", cancel],
])("the host refuses %s", (_, message) => {
  expect(toHostSchema.safeParse(overJson(message)).success).toBe(false);
});

test("every kind of message has its row in the wire's README", () => {
  const readme = readFileSync(
    join(import.meta.dir, "../../src/wire/README.md"),
    "utf8",
  );
  const kinds = [...toWorkerSchema.options, ...toHostSchema.options].map(
    ({ shape }) => shape.kind.value,
  );
  expect(kinds.filter((kind) => !readme.includes(`| \`${kind}\` `))).toEqual(
    [],
  );
});
