// Which endings of a consult the breaker counts, and what a refused call is told.

import { expect, test } from "bun:test";
import {
  type DownstreamReason,
  downstreamReasonSchema,
  faultRecord,
} from "../../src/base/fault.ts";
import { createCircuit } from "../../src/host/circuit.ts";
import { defaultBreakerLimits } from "../../src/supervise/breaker.ts";
import type { Clock } from "../../src/sys/clock.ts";
import type { WireOutcome } from "../../src/wire/messages.ts";

const startUnixMs = 1_800_000_000_000;

/** A circuit whose time stands still until it is moved. */
function setUp() {
  let ms = 500;
  const clock: Clock = {
    unixMs: () => startUnixMs + ms - 500,
    monotonicMs: () => ms,
    after: () => () => {},
  };
  const circuit = createCircuit(defaultBreakerLimits, clock);
  return { circuit, pass: (by: number) => void (ms += by) };
}

const detail = "Claude Code said no.";

function failure(reason: DownstreamReason, retryAt?: number): WireOutcome {
  const fault = faultRecord({
    code: "downstream_failure",
    stage: "claude",
    operation: "consult",
    detail,
    reason,
    ...(retryAt === undefined ? {} : { retryAtUnixMs: retryAt }),
  });
  return { status: "fault", fault };
}

const success: WireOutcome = { status: "success", result: {} };
const cancelled: WireOutcome = {
  status: "fault",
  fault: faultRecord({
    code: "cancelled",
    stage: "worker",
    operation: "consult",
    detail: "It was cancelled.",
  }),
};

/** What five of them in a row do to a closed breaker, and one alone. */
const table: Record<DownstreamReason, "at once" | "counts" | "never"> = {
  not_installed: "at once",
  too_old: "at once",
  not_logged_in: "at once",
  auth: "at once",
  billing: "at once",
  sandbox: "at once",
  rate_limit: "counts",
  overloaded: "counts",
  api_error: "counts",
  bad_output: "counts",
  killed: "counts",
  failed: "counts",
  prompt_too_long: "never",
  refused: "never",
  max_turns: "never",
  budget: "never",
  model_unknown: "never",
  session_unknown: "never",
};

for (const reason of downstreamReasonSchema.options) {
  test(`${reason}: ${table[reason]}`, () => {
    const { circuit } = setUp();
    const states: string[] = [];
    for (let failures = 0; failures < 5; failures += 1) {
      circuit.absorb(failure(reason));
      states.push(circuit.kind());
    }
    const expected = {
      "at once": ["open", "open", "open", "open", "open"],
      counts: ["closed", "closed", "closed", "closed", "open"],
      never: ["closed", "closed", "closed", "closed", "closed"],
    };
    expect(states).toEqual(expected[table[reason]]);
  });
}

test("what is no failure of the downstream leaves a row of failures as it is", () => {
  const { circuit } = setUp();
  for (let failures = 0; failures < 4; failures += 1) {
    circuit.absorb(failure("overloaded"));
    circuit.absorb(cancelled);
  }
  expect(circuit.kind()).toBe("closed");
  circuit.absorb(failure("overloaded"));
  expect(circuit.kind()).toBe("open");
});

test("an answer, or an ending that is the question's own doing, ends the row", () => {
  for (const end of [success, failure("max_turns")]) {
    const { circuit } = setUp();
    for (let failures = 0; failures < 4; failures += 1) {
      circuit.absorb(failure("overloaded"));
    }
    circuit.absorb(end);
    circuit.absorb(failure("overloaded"));
    expect(circuit.kind()).toBe("closed");
  }
});

test("the refusal names the reason, the time and the way out", () => {
  const { circuit, pass } = setUp();
  expect(circuit.ask()).toBeUndefined();
  circuit.absorb(failure("not_logged_in"));
  pass(1);
  expect(circuit.ask()).toEqual(
    faultRecord({
      code: "breaker_open",
      stage: "host",
      operation: "tools/call:consult",
      retryAtUnixMs: startUnixMs + 30_000,
      detail: `Claude Code is not asked for 30 s, since it failed: ${detail} When that is mended, \`phone-opus mcp reload\` lets the next consult through at once.`,
    }),
  );
});

test("while a probe is under way the refusal says so", () => {
  const { circuit, pass } = setUp();
  circuit.absorb(failure("auth"));
  pass(29_999);
  expect(circuit.ask()).toBeDefined();
  pass(1);
  expect(circuit.ask()).toBeUndefined();
  expect(circuit.kind()).toBe("half_open");
  const refusal = circuit.ask();
  expect(refusal?.fault.detail).toContain("while one consult tries");
  expect(refusal?.fault.detail).toContain(detail);
  circuit.absorb(success);
  expect(circuit.ask()).toBeUndefined();
});

test("a limit that says when it ends opens at once and until then", () => {
  const { circuit, pass } = setUp();
  circuit.absorb(failure("rate_limit", startUnixMs + 90_000));
  expect(circuit.ask()?.retry_at_unix_ms).toBe(startUnixMs + 90_000);
  pass(89_999);
  expect(circuit.ask()).toBeDefined();
  pass(1);
  expect(circuit.ask()).toBeUndefined();
});

test("however late a limit ends, somebody is let through after five minutes", () => {
  const { circuit, pass } = setUp();
  circuit.absorb(failure("rate_limit", startUnixMs + 86_400_000));
  expect(circuit.ask()?.retry_at_unix_ms).toBe(startUnixMs + 300_000);
  pass(300_000);
  expect(circuit.ask()).toBeUndefined();
});

test("a limit that is over already lets the next one try", () => {
  const { circuit } = setUp();
  circuit.absorb(failure("rate_limit", startUnixMs - 1000));
  expect(circuit.ask()).toBeUndefined();
  expect(circuit.kind()).toBe("half_open");
});

test("reload closes it", () => {
  const { circuit } = setUp();
  circuit.absorb(failure("billing"));
  circuit.reload();
  expect(circuit.kind()).toBe("closed");
  expect(circuit.ask()).toBeUndefined();
});

test("a consult from before that is cancelled meanwhile is no second probe", () => {
  const { circuit, pass } = setUp();
  const [long, probe] = [{}, {}];
  expect(circuit.ask(long)).toBeUndefined();
  circuit.absorb(failure("not_logged_in"));
  pass(30_000);
  expect(circuit.ask(probe)).toBeUndefined();
  circuit.absorb(cancelled, long);
  expect(circuit.ask()).toBeDefined();
});
