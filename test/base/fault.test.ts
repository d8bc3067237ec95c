// The table of design §5.2: what each fault code means to a client.

import { expect, test } from "bun:test";
import {
  type FaultCode,
  type FaultRecord,
  faultRecord,
  faultRecordSchema,
} from "../../src/base/fault.ts";
import { generationSchema } from "../../src/base/ids.ts";
import { failure, success } from "../../src/base/outcome.ts";

type Row = readonly [
  faultClass: FaultRecord["fault"]["class"],
  jsonrpcCode: number,
  directive: FaultRecord["fault"]["directive"],
  retryable: boolean,
];

const table: Readonly<Record<FaultCode, Row>> = {
  invalid_input: ["protocol", -32602, "abort_request", false],
  not_initialized: ["protocol", -32002, "abort_request", false],
  transport_failure: ["transport", -32603, "restart_and_replay", true],
  process_failure: ["process", -32603, "restart_and_replay", true],
  downstream_failure: ["downstream", -32603, "abort_request", false],
  timeout: ["timeout", -32603, "abort_request", false],
  cancelled: ["resource", -32603, "abort_request", false],
  queue_full: ["resource", -32603, "retry_later", true],
  breaker_open: ["resource", -32603, "retry_later", true],
  budget_exhausted: ["resource", -32603, "retry_later", true],
  rollout_failure: ["rollout", -32603, "restart_and_replay", true],
  outcome_unknown: ["ambiguous_outcome", -32603, "abort_request", false],
  tree_changed: ["ambiguous_outcome", -32603, "abort_request", false],
  internal_failure: ["invariant", -32603, "abort_request", false],
};

const codes = faultRecordSchema.shape.fault.shape.code.options;

test("every fault code has its row in the table", () => {
  expect(Object.keys(table).toSorted()).toEqual([...codes].toSorted());
});

for (const code of codes) {
  test(`${code} has the class, the code and the directive of the table`, () => {
    const [faultClass, jsonrpcCode, directive, retryable] = table[code];
    expect(
      faultRecord({ code, stage: "host", operation: "ping", detail: "Why." }),
    ).toEqual({
      fault: {
        generation: generationSchema.parse(1),
        class: faultClass,
        code,
        directive,
        detail: "Why.",
      },
      stage: "host",
      operation: "ping",
      jsonrpc_code: jsonrpcCode,
      retryable,
      retried: false,
    });
  });
}

test("generation, reason and time to retry stand in the record when given", () => {
  expect(
    faultRecord({
      code: "downstream_failure",
      stage: "claude",
      operation: "tools/call:consult",
      detail: "Too many requests.",
      generation: generationSchema.parse(7),
      reason: "rate_limit",
      retryAtUnixMs: 0,
    }),
  ).toEqual({
    fault: {
      generation: generationSchema.parse(7),
      class: "downstream",
      code: "downstream_failure",
      directive: "abort_request",
      detail: "Too many requests.",
      reason: "rate_limit",
    },
    stage: "claude",
    operation: "tools/call:consult",
    jsonrpc_code: -32603,
    retryable: false,
    retried: false,
    retry_at_unix_ms: 0,
  });
});

test("what is absent is left out, not undefined", () => {
  const record = faultRecord({
    code: "timeout",
    stage: "claude",
    operation: "x",
    detail: "y",
  });
  expect(Object.keys(record)).toEqual([
    "fault",
    "stage",
    "operation",
    "jsonrpc_code",
    "retryable",
    "retried",
  ]);
  expect(Object.keys(record.fault)).toEqual([
    "generation",
    "class",
    "code",
    "directive",
    "detail",
  ]);
});

test("a record survives JSON and its schema unchanged", () => {
  for (const code of codes) {
    const record = {
      ...faultRecord({ code, stage: "worker", operation: "x", detail: "y" }),
      session_id: "s",
      partial_response: "half",
    };
    const text = JSON.stringify(record);
    expect(faultRecordSchema.parse(JSON.parse(text))).toEqual(record);
  }
});

test("the schema refuses a code and a class that nobody knows", () => {
  const record = faultRecord({
    code: "timeout",
    stage: "claude",
    operation: "x",
    detail: "y",
  });
  const spoiled = [
    { ...record, fault: { ...record.fault, code: "gremlins" } },
    { ...record, fault: { ...record.fault, class: "gremlins" } },
    { ...record, fault: { ...record.fault, generation: 0 } },
    { ...record, stage: "kitchen" },
    { ...record, consult_id: "c_1" },
  ];
  expect(
    spoiled.map((value) => faultRecordSchema.safeParse(value).success),
  ).toEqual(spoiled.map(() => false));
});

test("an outcome is a value or the fault that its parts describe", () => {
  const parts = {
    code: "invalid_input",
    stage: "worker",
    operation: "x",
    detail: "y",
  } as const;
  expect(success(0)).toEqual({ ok: true, value: 0 });
  expect(failure(parts)).toEqual({ ok: false, fault: faultRecord(parts) });
});
