// Every cell of the table in supervise/lifecycle.ts, its boundary times, and what no
// sequence of events may bring about.

import { expect, test } from "bun:test";
import {
  initialLifecycle,
  type Lifecycle,
  type LifecycleEffect,
  type LifecycleEvent,
  stepLifecycle,
} from "../../src/supervise/lifecycle.ts";
import { defaultBudget } from "../../src/supervise/budget.ts";
import { seededRandom } from "../chaos/session.ts";

const now = 1_000_000;
const history = { restarts: [now - 10], losses: 1 };
const cleared = { restarts: [], losses: 0 };
const untilMs = now + 50;
const earlier = now - 50;

const states = {
  absent: { ...history, kind: "absent" },
  starting: { ...history, kind: "starting" },
  ready: { ...history, kind: "ready" },
  waiting: { ...history, kind: "waiting", untilMs, isDemanded: false },
  "waiting, over": {
    ...history,
    kind: "waiting",
    untilMs: earlier,
    isDemanded: false,
  },
  "waiting, demanded": {
    ...history,
    kind: "waiting",
    untilMs,
    isDemanded: true,
  },
  "waiting, demanded, over": {
    ...history,
    kind: "waiting",
    untilMs: earlier,
    isDemanded: true,
  },
  ejected: { ...history, kind: "ejected", untilMs },
  "ejected, over": { ...history, kind: "ejected", untilMs: earlier },
} as const satisfies Record<string, Lifecycle>;

const events = {
  demand: { kind: "demand" },
  ready: { kind: "ready" },
  lost: { kind: "lost", isDemanded: false },
  "lost, demanded": { kind: "lost", isDemanded: true },
  woke: { kind: "woke" },
  answered: { kind: "answered" },
  reload: { kind: "reload" },
  suspend: { kind: "suspend" },
} as const satisfies Record<string, LifecycleEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Cell = readonly [Lifecycle, ...LifecycleEffect[]];

const start: LifecycleEffect = { kind: "start" };
const stop: LifecycleEffect = { kind: "stop" };
const begun: Cell = [{ ...history, kind: "starting" }, start];
const gone: Cell = [{ ...history, kind: "absent" }];
const fresh: Cell = [{ ...cleared, kind: "absent" }];
const freshlyBegun: Cell = [{ ...cleared, kind: "starting" }, start];
const lost = (isDemanded: boolean): Cell => [
  {
    kind: "waiting",
    restarts: [now - 10, now],
    losses: 2,
    untilMs: now + 200,
    isDemanded,
  },
  { kind: "wake_at", atMs: now + 200 },
];
const early = (state: Lifecycle): Cell => [
  state,
  { kind: "wake_at", atMs: untilMs },
];
const refused = (state: Lifecycle, until: number): Cell => [
  state,
  { kind: "refuse", untilMs: until },
];
const demanded = (until: number): Cell => [
  { ...history, kind: "waiting", untilMs: until, isDemanded: true },
];

/** A cell that is missing: nothing changes and nothing is ordered. */
const table: Record<StateName, Partial<Record<EventName, Cell>>> = {
  absent: { demand: begun, reload: fresh },
  starting: {
    ready: [{ ...history, kind: "ready" }],
    lost: lost(false),
    "lost, demanded": lost(true),
    reload: [{ ...cleared, kind: "starting" }, stop, start],
    suspend: [...gone, stop],
  },
  ready: {
    lost: lost(false),
    "lost, demanded": lost(true),
    answered: [{ ...states.ready, losses: 0 }],
    reload: [{ ...cleared, kind: "absent" }, stop],
    suspend: [...gone, stop],
  },
  waiting: {
    demand: demanded(untilMs),
    woke: early(states.waiting),
    reload: fresh,
    suspend: gone,
  },
  "waiting, over": {
    demand: demanded(earlier),
    woke: gone,
    reload: fresh,
    suspend: gone,
  },
  "waiting, demanded": {
    demand: demanded(untilMs),
    woke: early(states["waiting, demanded"]),
    reload: freshlyBegun,
    suspend: gone,
  },
  "waiting, demanded, over": {
    demand: demanded(earlier),
    woke: begun,
    reload: freshlyBegun,
    suspend: gone,
  },
  ejected: {
    demand: refused(states.ejected, untilMs),
    woke: early(states.ejected),
    reload: fresh,
  },
  "ejected, over": {
    demand: refused(states["ejected, over"], earlier),
    woke: gone,
    reload: fresh,
  },
};

const namesOf = <K extends string>(record: Record<K, unknown>): K[] => {
  const isName = (name: string): name is K => name in record;
  return Object.keys(record).filter(isName);
};

for (const stateName of namesOf(states)) {
  for (const eventName of namesOf(events)) {
    test(`${stateName} × ${eventName}`, () => {
      const state = states[stateName];
      const [expected, ...effects] = table[stateName][eventName] ?? [state];
      const step = stepLifecycle(state, events[eventName], now, defaultBudget);
      expect(step).toEqual({ state: expected, effects });
    });
  }
}

test("the loss that finds the budget spent ejects until the oldest is forgotten", () => {
  const restarts = [1, 2, 3, 4, 5].map((ago) => now - 10_000 * (6 - ago));
  const state: Lifecycle = { kind: "starting", restarts, losses: 5 };
  const atMs = now - 50_000 + 300_000;
  expect(stepLifecycle(state, events.lost, now, defaultBudget)).toEqual({
    state: { kind: "ejected", restarts, losses: 6, untilMs: atMs },
    effects: [
      { kind: "refuse", untilMs: atMs },
      { kind: "wake_at", atMs },
    ],
  });
});

test("a wake at the very moment counts, one a millisecond before does not", () => {
  const step = (atMs: number) =>
    stepLifecycle(states.ejected, events.woke, atMs, defaultBudget).state.kind;
  expect(step(untilMs - 1)).toBe("ejected");
  expect(step(untilMs)).toBe("absent");
});

test("an intensity of 0 ejects at the first loss", () => {
  const none = { intensity: 0, periodMs: 1000 };
  const state: Lifecycle = { ...cleared, kind: "ready" };
  const step = stepLifecycle(state, events.lost, now, none);
  expect(step.state).toMatchObject({ kind: "ejected", untilMs: now + 1000 });
});

const seed = Number(Bun.env["PHONE_OPUS_CHAOS_SEED"] ?? Date.now() % 1e6);

test(`no sequence of events breaks the rules (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const budget = { intensity: 3, periodMs: 5000 };
  const all = Object.values(events);
  for (let sequence = 0; sequence < 2000; sequence += 1) {
    let state: Lifecycle = initialLifecycle;
    let atMs = 0;
    let isStarted = false;
    let losses: number[] = [];
    for (let index = 0; index < 60; index += 1) {
      atMs += Math.floor(random() * 400);
      const event = all[Math.floor(random() * all.length)] ?? events.woke;
      const before: Lifecycle = state;
      const step = stepLifecycle(before, event, atMs, budget);
      state = step.state;
      const hadWorker = before.kind === "starting" || before.kind === "ready";
      if (event.kind === "lost" && hadWorker) {
        isStarted = false;
        losses = [...losses, atMs];
      }
      for (const effect of step.effects) {
        if (effect.kind === "stop") isStarted = false;
        if (effect.kind !== "start") continue;
        // Two at once would be two owners of the same calls.
        expect(isStarted).toBe(false);
        isStarted = true;
      }
      const hasWorker = state.kind === "starting" || state.kind === "ready";
      expect(hasWorker).toBe(isStarted);
      if (event.kind === "reload") losses = [];
      if (state.kind === "ejected" && before.kind !== "ejected") {
        const recent = losses.filter((at) => atMs - at < budget.periodMs);
        expect(recent.length).toBeGreaterThan(budget.intensity);
        expect(state.untilMs).toBeGreaterThan(atMs);
      }
      expect(state.restarts.length).toBeLessThanOrEqual(budget.intensity);
    }
  }
});
