// When the host becomes the binary that lies at its launch path. Pure; host/rollout.ts
// carries it out.
//
//   state \ event  seen: own, none  seen: moved  seen: same            proven    unfit     failed     reload    force
//   current        current          settling     -                     -         -         -          current   proving [prove]
//   settling       current          settling     settling, or (1)      -         -         -          settling  proving [prove]
//   proving        current          settling     proving               ready (2) refused   -          proving   proving
//   ready          current          settling     ready                 -         -         postponed  ready     ready
//   refused        current          settling     refused               -         -         -          settling  proving [prove]
//   postponed      current          settling     postponed, or ready   -         -         -          settling  proving [prove]
//
// A candidate is named by its fingerprint; verdicts on another than the present one are
// ignored. (1) Still for long enough: proving [prove]. (2) With effect hand_over, which
// is what `ready` waits for. A refused candidate is not looked at again until the file
// changes or somebody says reload. `postponed` is a handoff that failed through no fault
// of the candidate: it is tried again, after a pause that doubles. A forced candidate
// may be the running binary itself, and is not given up for being that.

/** Stands for one state of the file. */
export type Candidate = string;

export type Rollout =
  | { readonly kind: "current" }
  | {
      readonly kind: "settling";
      readonly candidate: Candidate;
      readonly sinceMs: number;
    }
  | {
      readonly kind: "proving" | "ready";
      readonly candidate: Candidate;
      readonly failures: number;
      readonly isForced: boolean;
    }
  | {
      readonly kind: "refused";
      readonly candidate: Candidate;
      readonly reason: string;
    }
  | {
      readonly kind: "postponed";
      readonly candidate: Candidate;
      readonly reason: string;
      readonly failures: number;
      readonly isForced: boolean;
      readonly untilMs: number;
    };

export type RolloutEvent =
  /** `candidate` is undefined when there is no file, or it is the running one. */
  | { readonly kind: "seen"; readonly candidate: Candidate | undefined }
  | { readonly kind: "proven"; readonly candidate: Candidate }
  | {
      readonly kind: "unfit";
      readonly candidate: Candidate;
      readonly reason: string;
    }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "reload" }
  | { readonly kind: "force"; readonly candidate: Candidate };

export type RolloutEffect =
  | { readonly kind: "prove"; readonly candidate: Candidate }
  | { readonly kind: "hand_over"; readonly candidate: Candidate };

export interface RolloutStep {
  readonly state: Rollout;
  readonly effect?: RolloutEffect;
}

export interface RolloutLimits {
  /** How long the file must not change before it is a candidate. */
  readonly stillMs: number;
}

/** A copy in progress pauses for less. */
export const defaultRolloutLimits: RolloutLimits = { stillMs: 500 };

const firstPauseMs = 5000;
const longestPauseMs = 300_000;

export function stepRollout(
  state: Rollout,
  event: RolloutEvent,
  nowMs: number,
  limits: RolloutLimits,
): RolloutStep {
  switch (event.kind) {
    case "seen":
      return see(state, event.candidate, nowMs, limits);
    case "proven":
      return state.kind === "proving" && state.candidate === event.candidate
        ? handOver({ ...state, kind: "ready" })
        : { state };
    case "unfit":
      return state.kind === "proving" && state.candidate === event.candidate
        ? { state: { ...event, kind: "refused" } }
        : { state };
    case "failed":
      return state.kind === "ready"
        ? { state: postpone(state, event.reason, nowMs) }
        : { state };
    case "reload":
      return state.kind === "refused" || state.kind === "postponed"
        ? { state: settle(state.candidate, nowMs) }
        : { state };
    case "force":
      return state.kind === "proving" || state.kind === "ready"
        ? { state }
        : prove(event.candidate, true);
  }
}

function see(
  state: Rollout,
  candidate: Candidate | undefined,
  nowMs: number,
  limits: RolloutLimits,
): RolloutStep {
  if (candidate === undefined) {
    const isForced = "isForced" in state && state.isForced;
    if (!isForced) return { state: { kind: "current" } };
  }
  if (state.kind === "current") {
    return {
      state: candidate === undefined ? state : settle(candidate, nowMs),
    };
  }
  if (candidate !== undefined && state.candidate !== candidate) {
    return { state: settle(candidate, nowMs) };
  }
  switch (state.kind) {
    case "settling":
      return nowMs - state.sinceMs >= limits.stillMs
        ? prove(state.candidate, false)
        : { state };
    case "postponed": {
      const { failures, isForced } = state;
      return nowMs >= state.untilMs
        ? handOver({
            kind: "ready",
            candidate: state.candidate,
            failures,
            isForced,
          })
        : { state };
    }
    case "proving":
    case "ready":
    case "refused":
      return { state };
  }
}

function settle(candidate: Candidate, nowMs: number): Rollout {
  return { kind: "settling", candidate, sinceMs: nowMs };
}

function prove(candidate: Candidate, isForced: boolean): RolloutStep {
  return {
    state: { kind: "proving", candidate, failures: 0, isForced },
    effect: { kind: "prove", candidate },
  };
}

type Ready = Extract<Rollout, { kind: "proving" | "ready" }>;

function handOver(state: Ready): RolloutStep {
  return { state, effect: { kind: "hand_over", candidate: state.candidate } };
}

function postpone(state: Ready, reason: string, nowMs: number): Rollout {
  const failures = state.failures + 1;
  const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
  const { candidate, isForced } = state;
  const untilMs = nowMs + pauseMs;
  return { kind: "postponed", candidate, reason, failures, isForced, untilMs };
}
