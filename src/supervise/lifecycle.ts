// The worker's life as the host sees it. Pure: one state, one step, effects as data;
// host/keeper.ts carries them out.
//
//   state \ event  demand            ready     lost      woke          answered  reload                  suspend
//   absent         starting [start]  -         -         -             -         absent                  -
//   starting       -                 ready     (lost)    -             -         starting [stop, start]  absent [stop]
//   ready          -                 -         (lost)    -             ready     absent [stop]           absent [stop]
//   waiting        waiting           -         -         (see below)   -         absent or [start]       absent
//   ejected        ejected [refuse]  -         -         absent        -         absent                  -
//
// (lost): the budget of restarts decides between `waiting`, for a back-off that doubles
// with each loss in a row, and `ejected`, until the period has room again. Waiting ends
// in `starting` when somebody demanded a worker meanwhile, else in `absent`: a worker
// is only ever started for a call. `answered` ends the row of losses. `reload` clears
// budget and row; `suspend`, for the time in which no worker may live, keeps both.

import { backoffMs } from "./backoff.ts";
import {
  allowedAtMs,
  recordRestart,
  type RestartBudget,
  type Restarts,
} from "./budget.ts";

interface History {
  readonly restarts: Restarts;
  /** Losses since the last answer. */
  readonly losses: number;
}

export type Lifecycle = History &
  (
    | { readonly kind: "absent" }
    | { readonly kind: "starting" }
    | { readonly kind: "ready" }
    | {
        readonly kind: "waiting";
        readonly untilMs: number;
        readonly isDemanded: boolean;
      }
    | { readonly kind: "ejected"; readonly untilMs: number }
  );

export type LifecycleEvent =
  | { readonly kind: "demand" }
  | { readonly kind: "ready" }
  /** `isDemanded` when calls wait for the next worker. */
  | { readonly kind: "lost"; readonly isDemanded: boolean }
  | { readonly kind: "woke" }
  | { readonly kind: "answered" }
  | { readonly kind: "reload" }
  | { readonly kind: "suspend" };

export type LifecycleEffect =
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  | { readonly kind: "wake_at"; readonly atMs: number }
  /** Calls that wait for a worker get none before this moment. */
  | { readonly kind: "refuse"; readonly untilMs: number };

export interface LifecycleStep {
  readonly state: Lifecycle;
  readonly effects: readonly LifecycleEffect[];
}

export const initialLifecycle: Lifecycle = {
  kind: "absent",
  restarts: [],
  losses: 0,
};

export function stepLifecycle(
  state: Lifecycle,
  event: LifecycleEvent,
  nowMs: number,
  budget: RestartBudget,
): LifecycleStep {
  switch (event.kind) {
    case "demand":
      return demand(state);
    case "ready":
      return state.kind === "starting"
        ? stay({ ...historyOf(state), kind: "ready" })
        : stay(state);
    case "lost":
      return state.kind === "starting" || state.kind === "ready"
        ? lose(state, event.isDemanded, nowMs, budget)
        : stay(state);
    case "woke":
      return wake(state, nowMs);
    case "answered":
      return state.kind === "ready"
        ? stay({ ...state, losses: 0 })
        : stay(state);
    case "reload":
      return reload(state);
    case "suspend":
      return suspend(state);
  }
}

function demand(state: Lifecycle): LifecycleStep {
  switch (state.kind) {
    case "absent":
      return start(historyOf(state));
    case "waiting":
      return stay({ ...state, isDemanded: true });
    case "ejected":
      return {
        state,
        effects: [{ kind: "refuse", untilMs: state.untilMs }],
      };
    case "starting":
    case "ready":
      return stay(state);
  }
}

function lose(
  state: Lifecycle,
  isDemanded: boolean,
  nowMs: number,
  budget: RestartBudget,
): LifecycleStep {
  const losses = state.losses + 1;
  const allowedMs = allowedAtMs(state.restarts, nowMs, budget);
  if (allowedMs > nowMs) {
    return {
      state: {
        kind: "ejected",
        restarts: state.restarts,
        losses,
        untilMs: allowedMs,
      },
      effects: [
        { kind: "refuse", untilMs: allowedMs },
        { kind: "wake_at", atMs: allowedMs },
      ],
    };
  }
  const untilMs = nowMs + backoffMs(losses);
  return {
    state: {
      kind: "waiting",
      restarts: recordRestart(state.restarts, nowMs, budget),
      losses,
      untilMs,
      isDemanded,
    },
    effects: [{ kind: "wake_at", atMs: untilMs }],
  };
}

function wake(state: Lifecycle, nowMs: number): LifecycleStep {
  if (state.kind !== "waiting" && state.kind !== "ejected") return stay(state);
  // Timers may ring a little early, or ring for an earlier state.
  if (nowMs < state.untilMs) {
    return { state, effects: [{ kind: "wake_at", atMs: state.untilMs }] };
  }
  return state.kind === "waiting" && state.isDemanded
    ? start(historyOf(state))
    : stay({ ...historyOf(state), kind: "absent" });
}

function reload(state: Lifecycle): LifecycleStep {
  const cleared = { restarts: [], losses: 0 };
  switch (state.kind) {
    case "absent":
    case "ejected":
      return stay({ ...cleared, kind: "absent" });
    case "waiting":
      return state.isDemanded
        ? start(cleared)
        : stay({ ...cleared, kind: "absent" });
    case "starting":
      return {
        state: { ...cleared, kind: "starting" },
        effects: [{ kind: "stop" }, { kind: "start" }],
      };
    case "ready":
      return {
        state: { ...cleared, kind: "absent" },
        effects: [{ kind: "stop" }],
      };
  }
}

function suspend(state: Lifecycle): LifecycleStep {
  const absent: Lifecycle = { ...historyOf(state), kind: "absent" };
  switch (state.kind) {
    case "starting":
    case "ready":
      return { state: absent, effects: [{ kind: "stop" }] };
    case "waiting":
      return stay(absent);
    case "absent":
    case "ejected":
      return stay(state);
  }
}

function start(history: History): LifecycleStep {
  return {
    state: { ...history, kind: "starting" },
    effects: [{ kind: "start" }],
  };
}

function stay(state: Lifecycle): LifecycleStep {
  return { state, effects: [] };
}

/** No worker is there or on its way, until somebody asks for one. */
export function isAtRest({ kind }: Lifecycle): boolean {
  return kind === "absent" || kind === "ejected";
}

function historyOf({ restarts, losses }: Lifecycle): History {
  return { restarts, losses };
}
