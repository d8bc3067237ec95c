// What passes the transport, as counts for the session and as a line on disk for each
// tool call.

import { expect, test } from "bun:test";
import { type FaultCode, faultRecord } from "../../src/base/fault.ts";
import { createSessionObserver } from "../../src/host/observer.ts";
import { faultResult } from "../../src/render/tool-result.ts";
import { createCounters } from "../../src/telemetry/counters.ts";
import type { ToolCompletion } from "../../src/telemetry/log.ts";
import { createFakeClock } from "../helpers/clock.ts";

function start() {
  const clock = createFakeClock();
  const counters = createCounters(clock);
  const logged: ToolCompletion[] = [];
  const observer = createSessionObserver({
    counters,
    clock,
    log: { recordToolCompletion: (completion) => logged.push(completion) },
  });
  const ask = (id: number, operation: string) => {
    observer.requested(operation);
    return { id, operation, startedMs: clock.monotonicMs(), frame: "" };
  };
  return { clock, counters, logged, observer, ask };
}

const jsonrpc = "2.0" as const;

function fault(code: FaultCode) {
  const operation = "tools/call:consult";
  return faultRecord({
    code,
    stage: "claude",
    operation,
    detail: "It failed.",
  });
}

test("a request and its answer count, with the time between them", () => {
  const { clock, counters, observer, ask } = start();
  const request = ask(1, "tools/list");
  clock.advance(30);
  observer.answered(request, { jsonrpc, id: 1, result: { tools: [] } });
  const { totals, methods, last_fault } = counters.snapshot();
  const counts = {
    request_count: 1,
    success_count: 1,
    response_error_count: 0,
    transport_fault_count: 0,
    retry_count: 0,
  };
  expect(totals).toEqual(counts);
  expect(methods).toEqual([
    {
      method: "tools/list",
      ...counts,
      last_latency_ms: 30,
      max_latency_ms: 30,
      avg_latency_ms: 30,
      last_error: null,
    },
  ]);
  expect(last_fault).toBeNull();
});

test("only tool calls are written to the log", () => {
  const { clock, logged, observer, ask } = start();
  observer.answered(ask(1, "ping"), { jsonrpc, id: 1, result: {} });
  const call = ask(2, "tools/call:consult");
  clock.advance(7);
  observer.answered(call, { jsonrpc, id: 2, result: { content: [] } });
  expect(logged).toEqual([
    {
      requestId: 2,
      toolName: "consult",
      latencyMs: 7,
      replayAttempts: 0,
      fault: undefined,
    },
  ]);
});

test.each([
  ["downstream_failure", "response_error_count"],
  ["invalid_input", "response_error_count"],
  ["outcome_unknown", "response_error_count"],
  ["internal_failure", "response_error_count"],
  ["transport_failure", "transport_fault_count"],
  ["process_failure", "transport_fault_count"],
  ["timeout", "transport_fault_count"],
  ["cancelled", "transport_fault_count"],
] as const)("a tool result with the fault %s counts as %s", (code, counter) => {
  const { counters, logged, observer, ask } = start();
  const record = fault(code);
  const call = ask(1, "tools/call:consult");
  const result = { ...faultResult(record) };
  observer.answered(call, { jsonrpc, id: 1, result });
  const { totals, last_fault, consecutive_failures } = counters.snapshot();
  expect(totals).toMatchObject({ success_count: 0, [counter]: 1 });
  expect(totals.response_error_count + totals.transport_fault_count).toBe(1);
  expect(last_fault).toEqual(record.fault);
  expect(consecutive_failures).toBe(1);
  expect(logged[0]?.fault).toEqual(record);
});

test("an error with a record counts by it, one without counts as an error", () => {
  const { counters, observer, ask } = start();
  const data = fault("process_failure");
  const error = { code: -32603, message: "It failed." };
  observer.answered(ask(1, "a"), { jsonrpc, id: 1, error: { ...error, data } });
  observer.answered(ask(2, "b"), { jsonrpc, id: 2, error });
  expect(counters.snapshot().totals).toMatchObject({
    request_count: 2,
    success_count: 0,
    transport_fault_count: 1,
    response_error_count: 1,
  });
});

test("a refusal counts as a request and an error, and is no line in the log", () => {
  const { counters, logged, observer } = start();
  observer.requested("jsonrpc.parse");
  observer.refused("jsonrpc.parse", fault("invalid_input"));
  expect(counters.snapshot().totals).toMatchObject({
    request_count: 1,
    response_error_count: 1,
  });
  expect(logged).toEqual([]);
});

test("a success after a failure clears the last fault and the row of failures", () => {
  const { counters, observer, ask } = start();
  const result = { ...faultResult(fault("timeout")) };
  observer.answered(ask(1, "tools/call:consult"), { jsonrpc, id: 1, result });
  const answer = { jsonrpc, id: 2, result: { content: [] } };
  observer.answered(ask(2, "tools/call:consult"), answer);
  const snapshot = counters.snapshot();
  expect(snapshot.last_fault).toBeNull();
  expect(snapshot.consecutive_failures).toBe(0);
  expect(snapshot.methods[0]?.last_error).toBeNull();
});
