// Every cell of the table in supervise/rollout.ts, its moments, and what no sequence of
// events may bring about.

import { describe, expect, test } from "bun:test";
import {
  type Candidate,
  defaultRolloutLimits as limits,
  type Rollout,
  type RolloutEffect,
  type RolloutEvent,
  stepRollout,
} from "../../src/supervise/rollout.ts";
import { seededRandom } from "../chaos/session.ts";

const now = 1_000_000;
const of = { candidate: "a", failures: 0, isForced: false };
const forced = { ...of, isForced: true };
const reason = "did not start";
const postponed = { ...of, kind: "postponed", reason, failures: 1 } as const;

const states = {
  current: { kind: "current" },
  settling: { kind: "settling", candidate: "a", sinceMs: now - 499 },
  "settling, still": { kind: "settling", candidate: "a", sinceMs: now - 500 },
  proving: { ...of, kind: "proving" },
  "proving, forced": { ...forced, kind: "proving" },
  ready: { ...of, kind: "ready" },
  "ready, forced": { ...forced, kind: "ready" },
  refused: { kind: "refused", candidate: "a", reason },
  postponed: { ...postponed, untilMs: now + 1 },
  "postponed, over": { ...postponed, untilMs: now },
  "postponed, forced": { ...postponed, isForced: true, untilMs: now + 1 },
  "postponed, forced, over": { ...postponed, isForced: true, untilMs: now },
} as const satisfies Record<string, Rollout>;

const events = {
  "seen none": { kind: "seen", candidate: undefined },
  "seen moved": { kind: "seen", candidate: "b" },
  "seen same": { kind: "seen", candidate: "a" },
  proven: { kind: "proven", candidate: "a" },
  "another proven": { kind: "proven", candidate: "b" },
  unfit: { kind: "unfit", candidate: "a", reason },
  "another unfit": { kind: "unfit", candidate: "b", reason },
  failed: { kind: "failed", reason },
  reload: { kind: "reload" },
  force: { kind: "force", candidate: "a" },
  "force another": { kind: "force", candidate: "b" },
} as const satisfies Record<string, RolloutEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Cell = readonly [Rollout, RolloutEffect?];

const gone: Cell = [{ kind: "current" }];
const settling = (candidate: Candidate): Cell => [
  { kind: "settling", candidate, sinceMs: now },
];
const proving = (candidate: Candidate, isForced: boolean): Cell => [
  { kind: "proving", candidate, failures: 0, isForced },
  { kind: "prove", candidate },
];
const handOver: RolloutEffect = { kind: "hand_over", candidate: "a" };
const late = (state: { readonly isForced: boolean }): Cell => [
  {
    kind: "postponed",
    candidate: "a",
    reason,
    failures: 1,
    isForced: state.isForced,
    untilMs: now + 5000,
  },
];
const byForce = {
  force: proving("a", true),
  "force another": proving("b", true),
};
const moved = { "seen moved": settling("b") };
const lost = { "seen none": gone, ...moved };

/** A cell that is missing: nothing changes and nothing is ordered. */
const table: Record<StateName, Partial<Record<EventName, Cell>>> = {
  current: { ...moved, "seen same": settling("a"), ...byForce },
  settling: { ...lost, ...byForce },
  "settling, still": { ...lost, "seen same": proving("a", false), ...byForce },
  proving: {
    ...lost,
    proven: [states.ready, handOver],
    unfit: [states.refused],
  },
  "proving, forced": {
    ...moved,
    proven: [states["ready, forced"], handOver],
    unfit: [states.refused],
  },
  ready: { ...lost, failed: late(states.ready) },
  "ready, forced": { ...moved, failed: late(states["ready, forced"]) },
  refused: { ...lost, reload: settling("a"), ...byForce },
  postponed: { ...lost, reload: settling("a"), ...byForce },
  "postponed, over": {
    ...lost,
    "seen same": [{ ...of, kind: "ready", failures: 1 }, handOver],
    reload: settling("a"),
    ...byForce,
  },
  "postponed, forced": { ...moved, reload: settling("a"), ...byForce },
  "postponed, forced, over": {
    ...moved,
    // The running binary itself is tried again when it was forced.
    "seen none": [{ ...forced, kind: "ready", failures: 1 }, handOver],
    "seen same": [{ ...forced, kind: "ready", failures: 1 }, handOver],
    reload: settling("a"),
    ...byForce,
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
      const [expected, effect] = table[stateName][eventName] ?? [state];
      const step = stepRollout(state, events[eventName], now, limits);
      expect(step.state).toEqual(expected);
      expect(step.effect).toEqual(effect);
    });
  }
}

describe("a handoff that fails again and again", () => {
  test("is tried again after a pause that doubles up to five minutes", () => {
    let state: Rollout = states.ready;
    let atMs = now;
    const pauses: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      state = stepRollout(state, events.failed, atMs, limits).state;
      if (state.kind !== "postponed") throw new Error(state.kind);
      const { untilMs } = state;
      pauses.push((untilMs - atMs) / 1000);
      const see = (ms: number) =>
        stepRollout(state, events["seen same"], ms, limits);
      expect(see(untilMs - 1)).toEqual({ state });
      const again = see(untilMs);
      expect(again.effect).toEqual(handOver);
      ({ state } = again);
      atMs = untilMs;
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test("starts afresh with another file", () => {
    const worn: Rollout = { ...states.ready, failures: 7 };
    const { state } = stepRollout(worn, events["seen moved"], now, limits);
    expect(state).toEqual({ kind: "settling", candidate: "b", sinceMs: now });
  });
});

const seed = Number(Bun.env["PHONE_OPUS_CHAOS_SEED"] ?? Date.now() % 1e6);
const candidates = ["a", "b", "c"] as const;

test(`no sequence of events breaks the rules (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const pick = <T>(all: readonly [T, ...T[]]): T =>
    all[Math.floor(random() * all.length)] ?? all[0];
  const draw = (): RolloutEvent =>
    pick<RolloutEvent>([
      { kind: "seen", candidate: pick(candidates) },
      { kind: "seen", candidate: pick([undefined, ...candidates]) },
      { kind: "proven", candidate: pick(candidates) },
      { kind: "unfit", candidate: pick(candidates), reason },
      { kind: "failed", reason },
      { kind: "reload" },
      { kind: "force", candidate: pick(candidates) },
    ]);
  for (let sequence = 0; sequence < 2000; sequence += 1) {
    let state: Rollout = { kind: "current" };
    let atMs = 0;
    /** When something else than this file was last found there. */
    const movedMs = new Map<Candidate, number>();
    let there: Candidate | undefined;
    let proven: Candidate | undefined;
    const refused = new Set<Candidate>();
    for (let index = 0; index < 60; index += 1) {
      atMs += Math.floor(random() * 400);
      const event = draw();
      const before: Rollout = state;
      const isKept = "isForced" in before && before.isForced;
      if (event.kind === "seen" || event.kind === "force") {
        const found = event.candidate;
        if (found !== there) refused.clear();
        there = found;
        for (const candidate of candidates) {
          const isOther = candidate !== found;
          if (isOther && !(found === undefined && isKept)) {
            movedMs.set(candidate, atMs);
          }
        }
      }
      if (event.kind === "reload" || event.kind === "force") refused.clear();
      const step = stepRollout(before, event, atMs, limits);
      state = step.state;
      if (before.kind === "proving" && state.kind === "refused") {
        refused.add(state.candidate);
      }
      if (before.kind === "proving" && state.kind === "ready") {
        expect(event).toEqual({ kind: "proven", candidate: state.candidate });
        proven = state.candidate;
      }
      switch (step.effect?.kind) {
        case undefined:
          break;
        case "prove":
          expect(state).toMatchObject({ kind: "proving", failures: 0 });
          expect(refused).not.toContain(step.effect.candidate);
          if (event.kind === "force") break;
          expect(there).toBe(step.effect.candidate);
          expect(
            atMs - (movedMs.get(step.effect.candidate) ?? 0),
          ).toBeGreaterThanOrEqual(limits.stillMs);
          break;
        case "hand_over":
          expect(state).toMatchObject({
            kind: "ready",
            candidate: step.effect.candidate,
          });
          expect(proven).toBe(step.effect.candidate);
      }
    }
  }
});
