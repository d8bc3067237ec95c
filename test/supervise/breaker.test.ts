// Every cell of the table in supervise/breaker.ts, its boundary times, and what no
// sequence of events may bring about.

import { expect, test } from "bun:test";
import {
  type Breaker,
  type BreakerEvent,
  type BreakerVerdict,
  defaultBreakerLimits,
  initialBreaker,
  stepBreaker,
} from "../../src/supervise/breaker.ts";
import { seededRandom } from "../chaos/session.ts";

const now = 1_000_000;
const reason = "It was so.";
const newReason = "It is so now.";
const untilMs = now + 5;

const states = {
  closed: { kind: "closed", failures: 0 },
  "closed, one short": { kind: "closed", failures: 4 },
  open: { kind: "open", untilMs, reason },
  "open, over": { kind: "open", untilMs: now, reason },
  half_open: { kind: "half_open", reason },
} as const satisfies Record<string, Breaker>;

const events = {
  ask: { kind: "ask" },
  succeeded: { kind: "succeeded" },
  failed: { kind: "failed", reason: newReason, isFinal: false },
  "failed for good": { kind: "failed", reason: newReason, isFinal: true },
  "failed until": {
    kind: "failed",
    reason: newReason,
    isFinal: true,
    retryAtMs: now + 77,
  },
  abandoned: { kind: "abandoned" },
  reload: { kind: "reload" },
} as const satisfies Record<string, BreakerEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Cell = readonly [Breaker, BreakerVerdict];

const pass: BreakerVerdict = { kind: "pass" };
const closed: Cell = [initialBreaker, pass];
const opened = (until: number): Cell => [
  { kind: "open", untilMs: until, reason: newReason },
  pass,
];
const everywhereButClosed = {
  succeeded: closed,
  failed: opened(now + 30_000),
  "failed for good": opened(now + 30_000),
  "failed until": opened(now + 77),
  reload: closed,
};

const table: Record<StateName, Record<EventName, Cell>> = {
  closed: {
    ...everywhereButClosed,
    ask: closed,
    failed: [{ kind: "closed", failures: 1 }, pass],
    abandoned: closed,
  },
  "closed, one short": {
    ...everywhereButClosed,
    ask: [states["closed, one short"], pass],
    abandoned: [states["closed, one short"], pass],
  },
  open: {
    ...everywhereButClosed,
    ask: [states.open, { kind: "refuse", reason, untilMs }],
    abandoned: [states.open, pass],
  },
  "open, over": {
    ...everywhereButClosed,
    ask: [states.half_open, pass],
    abandoned: [states["open, over"], pass],
  },
  half_open: {
    ...everywhereButClosed,
    ask: [states.half_open, { kind: "refuse", reason, untilMs: undefined }],
    abandoned: [{ kind: "open", untilMs: now, reason }, pass],
  },
};

const namesOf = <K extends string>(record: Record<K, unknown>): K[] => {
  const isName = (name: string): name is K => name in record;
  return Object.keys(record).filter(isName);
};

const step = (state: Breaker, event: BreakerEvent, atMs = now) =>
  stepBreaker(state, event, atMs, defaultBreakerLimits);

for (const stateName of namesOf(states)) {
  for (const eventName of namesOf(events)) {
    test(`${stateName} × ${eventName}`, () => {
      const [state, verdict] = table[stateName][eventName];
      const actual = step(states[stateName], events[eventName]);
      expect(actual).toEqual({ state, verdict });
    });
  }
}

test("opens with the fifth failure in a row; a success begins a new row", () => {
  let state = initialBreaker;
  const kinds: string[] = [];
  for (const event of [
    ...Array.from({ length: 4 }, () => events.failed),
    events.succeeded,
    ...Array.from({ length: 5 }, () => events.failed),
  ]) {
    state = step(state, event).state;
    kinds.push(state.kind);
  }
  const row = Array.from({ length: 9 }, () => "closed");
  expect(kinds).toEqual([...row, "open"]);
});

test("refuses to the last millisecond, and lets one through at the moment itself", () => {
  const ask = (atMs: number) => step(states.open, events.ask, atMs);
  expect(ask(untilMs - 1).verdict.kind).toBe("refuse");
  expect(ask(untilMs)).toEqual({ state: states.half_open, verdict: pass });
});

const seed = Number(Bun.env["PHONE_OPUS_CHAOS_SEED"] ?? Date.now() % 1e6);

test(`half-open lets one probe through, whatever comes (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const all = Object.values(events);
  for (let sequence = 0; sequence < 2000; sequence += 1) {
    let state = initialBreaker;
    let atMs = now;
    let row = 0;
    let isProbing = false;
    for (let index = 0; index < 80; index += 1) {
      atMs += Math.floor(random() * 8000);
      const event = all[Math.floor(random() * all.length)] ?? events.ask;
      const before: Breaker = state;
      const { state: after, verdict } = step(before, event, atMs);
      state = after;
      if (event.kind === "ask") {
        if (isProbing) expect(verdict.kind).toBe("refuse");
        if (before.kind === "open" && verdict.kind === "pass") {
          expect(atMs).toBeGreaterThanOrEqual(before.untilMs);
          isProbing = true;
        }
        continue;
      }
      // Any verdict, and nothing else, ends the probe.
      isProbing = false;
      expect(state.kind).not.toBe("half_open");
      if (event.kind === "succeeded" || event.kind === "reload") row = 0;
      if (event.kind === "failed" && before.kind === "closed") row += 1;
      const mayOpen = event.kind === "failed" && (event.isFinal || row >= 5);
      if (before.kind === "closed" && state.kind === "open") {
        expect(mayOpen).toBe(true);
        row = 0;
      }
    }
  }
});
