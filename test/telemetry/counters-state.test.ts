// Counters over two images.

import { expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import { generationSchema } from "../../src/base/ids.ts";
import { createCounters } from "../../src/telemetry/counters.ts";
import { countersStateSchema } from "../../src/telemetry/counters-state.ts";
import { createFakeClock } from "../helpers/clock.ts";

const fault = faultRecord({
  code: "transport_failure",
  stage: "transport",
  operation: "tools/call:consult",
  detail: "The worker ended before it answered.",
});

function counted() {
  const clock = createFakeClock();
  clock.advance(100);
  const counters = createCounters(clock);
  counters.recordRequest("ping");
  counters.recordSuccess("ping", 3);
  counters.recordRequest("tools/call:consult");
  counters.recordRetry("tools/call:consult");
  counters.recordWorkerReady(generationSchema.parse(3));
  counters.recordWorkerRestart();
  counters.recordError("tools/call:consult", fault, 40);
  clock.advance(900);
  return { clock, counters };
}

const throughJson = (state: unknown) =>
  countersStateSchema.parse(JSON.parse(JSON.stringify(state)));

test("the next image tells what this one would have told", () => {
  const { clock, counters } = counted();
  const next = createCounters(clock, throughJson(counters.state()));
  expect(next.snapshot()).toEqual(counters.snapshot());
  expect(next.snapshot()).toMatchObject({
    uptime_ms: 900,
    generation: 3,
    restart_count: 1,
    last_fault: fault.fault,
  });
});

test("both count on, each for itself", () => {
  const { clock, counters } = counted();
  const state = counters.state();
  const next = createCounters(clock, state);
  next.recordRollout();
  next.recordRequest("ping");
  next.recordSuccess("ping", 5);
  expect(next.snapshot()).toMatchObject({
    host_rollouts: 1,
    totals: { request_count: 3, success_count: 2 },
    consecutive_failures: 0,
  });
  expect(counters.snapshot()).toMatchObject({
    host_rollouts: 0,
    totals: { request_count: 2, success_count: 1 },
    consecutive_failures: 1,
  });
  expect(counters.state()).toEqual(state);
});

test("a fault that no request is told of is the last one, and no failure", () => {
  const { counters } = counted();
  counters.recordSuccess("ping", 1);
  counters.recordFault(fault);
  expect(counters.snapshot()).toMatchObject({
    last_fault: fault.fault,
    consecutive_failures: 0,
    totals: { transport_fault_count: 1 },
  });
});

test("garbled counts are no counts", () => {
  const { counters } = counted();
  const state = counters.state();
  for (const changes of [
    { rollouts: -1 },
    { restarts: 0.5 },
    { generation: 0 },
    { state: "well" },
    { methods: [["ping"]] },
    { totals: { ...state.totals, retry_count: "2" } },
  ]) {
    const garbled = countersStateSchema.safeParse({ ...state, ...changes });
    expect(garbled.success).toBe(false);
  }
});
