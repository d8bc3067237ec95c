// The counts of a session: what is counted as what, for the whole and for each method.

import { expect, test } from "bun:test";
import {
  type FaultClass,
  type FaultCode,
  faultRecord,
  faultRecordSchema,
} from "../../src/base/fault.ts";
import { firstGeneration, generationSchema } from "../../src/base/ids.ts";
import { createCounters } from "../../src/telemetry/counters.ts";
import { createFakeClock } from "../helpers/clock.ts";

const faultOf = (code: FaultCode) =>
  faultRecord({ code, stage: "host", operation: "x", detail: `about ${code}` });

function start() {
  const clock = createFakeClock();
  return { clock, ...createCounters(clock) };
}

const none = {
  request_count: 0,
  success_count: 0,
  response_error_count: 0,
  transport_fault_count: 0,
  retry_count: 0,
};

test("a fresh session has counted nothing", () => {
  expect(start().snapshot()).toEqual({
    uptime_ms: 0,
    state: "cold",
    generation: firstGeneration,
    consecutive_failures: 0,
    restart_count: 0,
    host_rollouts: 0,
    totals: none,
    methods: [],
    last_fault: null,
  });
});

test("a request and its success count once, in all and for the method", () => {
  const counters = start();
  counters.recordRequest("ping");
  counters.clock.advance(12.4);
  counters.recordSuccess("ping", 12.4);
  expect(counters.snapshot()).toEqual({
    uptime_ms: 12,
    state: "cold",
    generation: firstGeneration,
    consecutive_failures: 0,
    restart_count: 0,
    host_rollouts: 0,
    totals: { ...none, request_count: 1, success_count: 1 },
    methods: [
      {
        method: "ping",
        ...none,
        request_count: 1,
        success_count: 1,
        last_latency_ms: 12,
        max_latency_ms: 12,
        avg_latency_ms: 12,
        last_error: null,
      },
    ],
    last_fault: null,
  });
});

test("a request that waits for its answer has no latency yet", () => {
  const counters = start();
  counters.recordRequest("ping");
  expect(counters.snapshot().methods).toEqual([
    {
      method: "ping",
      ...none,
      request_count: 1,
      last_latency_ms: null,
      max_latency_ms: 0,
      avg_latency_ms: 0,
      last_error: null,
    },
  ]);
});

test("latencies: the last, the longest, and the average of the answered", () => {
  const counters = start();
  for (let request = 0; request < 4; request += 1) counters.recordRequest("m");
  counters.recordSuccess("m", 10);
  counters.recordError("m", faultOf("timeout"), 30);
  counters.recordSuccess("m", 21);
  const [method] = counters.snapshot().methods;
  expect([
    method?.last_latency_ms,
    method?.max_latency_ms,
    method?.avg_latency_ms,
  ]).toEqual([21, 30, 20]);
});

const kinds: Readonly<Record<FaultCode, "transport" | "response">> = {
  invalid_input: "response",
  not_initialized: "response",
  transport_failure: "transport",
  process_failure: "transport",
  downstream_failure: "response",
  timeout: "transport",
  cancelled: "transport",
  queue_full: "transport",
  breaker_open: "transport",
  budget_exhausted: "transport",
  rollout_failure: "transport",
  outcome_unknown: "response",
  tree_changed: "response",
  internal_failure: "response",
};

const codes = faultRecordSchema.shape.fault.shape.code.options;

test.each(codes.map((code) => [code, kinds[code]] as const))(
  "%s counts as a %s fault",
  (code, kind) => {
    const counters = start();
    counters.recordRequest("m");
    counters.recordError("m", faultOf(code), 5);
    const count = {
      ...none,
      request_count: 1,
      transport_fault_count: kind === "transport" ? 1 : 0,
      response_error_count: kind === "response" ? 1 : 0,
    };
    const snapshot = counters.snapshot();
    expect(snapshot.totals).toEqual(count);
    expect(snapshot.methods).toEqual([
      {
        method: "m",
        ...count,
        last_latency_ms: 5,
        max_latency_ms: 5,
        avg_latency_ms: 5,
        last_error: `about ${code}`,
      },
    ]);
    expect(snapshot.last_fault).toEqual(faultOf(code).fault);
  },
);

test("a replay class counts as transport too, as the seed has it", () => {
  const counters = start();
  const fault = faultOf("timeout");
  const replay: FaultClass = "replay";
  counters.recordError(
    "m",
    { ...fault, fault: { ...fault.fault, class: replay } },
    1,
  );
  expect(counters.snapshot().totals.transport_fault_count).toBe(1);
});

test("failures in a row count until a success clears them", () => {
  const counters = start();
  counters.recordError("a", faultOf("timeout"), 1);
  counters.recordError("b", faultOf("invalid_input"), 1);
  expect(counters.snapshot().consecutive_failures).toBe(2);
  counters.recordSuccess("b", 1);
  const { consecutive_failures, last_fault, methods } = counters.snapshot();
  expect({ consecutive_failures, last_fault }).toEqual({
    consecutive_failures: 0,
    last_fault: null,
  });
  expect(methods.map(({ method, last_error }) => [method, last_error])).toEqual(
    [
      ["a", "about timeout"],
      ["b", null],
    ],
  );
});

test("retries count in all and for the method", () => {
  const counters = start();
  counters.recordRetry("m");
  counters.recordRetry("m");
  const { totals, methods } = counters.snapshot();
  expect([totals.retry_count, methods[0]?.retry_count]).toEqual([2, 2]);
});

test("the worker's life shows as state, generation and restarts", () => {
  const counters = start();
  const seen = () => {
    const { state, generation, restart_count } = counters.snapshot();
    return [state, Number(generation), restart_count];
  };
  expect(seen()).toEqual(["cold", 1, 0]);
  counters.recordWorkerReady(firstGeneration);
  expect(seen()).toEqual(["ready", 1, 0]);
  counters.recordWorkerLost(true);
  expect(seen()).toEqual(["recovering", 1, 0]);
  counters.recordWorkerRestart();
  expect(seen()).toEqual(["recovering", 1, 1]);
  counters.recordWorkerReady(generationSchema.parse(2));
  expect(seen()).toEqual(["ready", 2, 1]);
  // Nobody waits for another: the next call starts one.
  counters.recordWorkerLost(false);
  expect(seen()).toEqual(["cold", 2, 1]);
});

test("a reload forgets what went wrong, and keeps the counts", () => {
  const counters = start();
  counters.recordWorkerLost(true);
  counters.recordReload();
  const { state, last_fault, consecutive_failures } = counters.snapshot();
  expect([state, last_fault, consecutive_failures]).toEqual(["cold", null, 0]);
});

test("a snapshot stays as it was", () => {
  const counters = start();
  counters.recordRequest("m");
  const before = counters.snapshot();
  counters.recordRequest("m");
  counters.recordWorkerLost(true);
  expect([
    before.totals.request_count,
    before.methods[0]?.request_count,
  ]).toEqual([1, 1]);
});
