// The breaker over two images.

import { expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import { createCircuit } from "../../src/host/circuit.ts";
import {
  type CircuitState,
  circuitStateSchema,
} from "../../src/host/circuit-state.ts";
import { defaultBreakerLimits } from "../../src/supervise/breaker.ts";
import type { WireOutcome } from "../../src/wire/messages.ts";
import { createFakeClock } from "../helpers/clock.ts";

const clock = createFakeClock();
const create = (earlier?: CircuitState) =>
  createCircuit(defaultBreakerLimits, clock, earlier);

const overloaded: WireOutcome = {
  status: "fault",
  fault: faultRecord({
    code: "downstream_failure",
    stage: "claude",
    operation: "tools/call:consult",
    detail: "Claude is overloaded.",
    reason: "overloaded",
  }),
};

test("failures in a row are counted on", () => {
  const first = create();
  for (let count = 0; count < 4; count += 1) first.absorb(overloaded);
  const state = circuitStateSchema.parse(first.state());
  expect(state).toEqual({ kind: "closed", failures: 4 });
  const second = create(state);
  expect(second.ask()).toBeUndefined();
  second.absorb(overloaded);
  expect(second.kind()).toBe("open");
});

test("an open one stays open for as long as it would have", () => {
  const first = create();
  for (let count = 0; count < 5; count += 1) first.absorb(overloaded);
  clock.advance(20_000);
  const second = create(circuitStateSchema.parse(first.state()));
  expect(second.ask()?.fault.detail).toContain("for 10 s");
  expect(second.ask()?.fault.detail).toContain("Claude is overloaded.");
  clock.advance(10_000);
  expect(second.ask({})).toBeUndefined();
  expect(second.kind()).toBe("half_open");
});

test("one in the middle of a probe lets the next call probe", () => {
  const first = create();
  for (let count = 0; count < 5; count += 1) first.absorb(overloaded);
  clock.advance(30_000);
  expect(first.ask({})).toBeUndefined();
  expect(first.kind()).toBe("half_open");
  const second = create(circuitStateSchema.parse(first.state()));
  expect(second.kind()).toBe("open");
  const call = {};
  expect(second.ask(call)).toBeUndefined();
  expect(second.ask({})?.fault.code).toBe("breaker_open");
  second.absorb({ status: "success", result: null }, call);
  expect(second.kind()).toBe("closed");
});
