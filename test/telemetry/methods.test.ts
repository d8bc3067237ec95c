// The methods of a session: their rank, and that no client can make them grow without
// end.

import { expect, test } from "bun:test";
import { type FaultCode, faultRecord } from "../../src/base/fault.ts";
import { createCounters } from "../../src/telemetry/counters.ts";
import { createFakeClock } from "../helpers/clock.ts";

const faultOf = (code: FaultCode) =>
  faultRecord({ code, stage: "host", operation: "x", detail: "y" });

const start = () => createCounters(createFakeClock());

test("methods are ranked by requests, transport faults, errors, then name", () => {
  const counters = start();
  const record = (name: string, faults: readonly FaultCode[], more: number) => {
    for (let count = 0; count < faults.length + more; count += 1) {
      counters.recordRequest(name);
    }
    for (const code of faults) counters.recordError(name, faultOf(code), 1);
  };
  record("z-plain", [], 2);
  record("a-plain", [], 2);
  record("one-response-error", ["invalid_input"], 1);
  record("two-response-errors", ["invalid_input", "invalid_input"], 0);
  record("one-transport-fault", ["timeout"], 1);
  record("B-plain", [], 2);
  record("busy", [], 3);
  record("idle", [], 1);
  expect(counters.snapshot().methods.map(({ method }) => method)).toEqual([
    "busy",
    "one-transport-fault",
    "two-response-errors",
    "one-response-error",
    "B-plain",
    "a-plain",
    "z-plain",
    "idle",
  ]);
});

test("past a hundred methods new ones share a row, known ones keep theirs", () => {
  const counters = start();
  for (let number = 0; number < 300; number += 1) {
    counters.recordRequest(`method ${number}`);
    counters.recordSuccess(`method ${number}`, 1);
  }
  counters.recordRequest("method 5");
  const { totals, methods } = counters.snapshot();
  const count = (name: string) =>
    methods.find(({ method }) => method === name)?.request_count;
  expect([totals.request_count, methods.length]).toEqual([301, 101]);
  expect([
    count("(other methods)"),
    count("method 5"),
    count("method 99"),
    count("method 100"),
  ]).toEqual([200, 2, 1, undefined]);
});

test("names that objects are born with are methods like others", () => {
  const counters = start();
  for (const name of ["__proto__", "constructor", ""]) {
    counters.recordRequest(name);
  }
  expect(counters.snapshot().methods.map(({ method }) => method)).toEqual([
    "",
    "__proto__",
    "constructor",
  ]);
});
