// Stops asking a downstream that keeps failing. Pure: one state, one step.
//
//   state \ event  ask                    succeeded  failed                    reload
//   closed         pass                   closed     closed, or open (1)       closed
//   open           refuse, or probe (2)   closed     open                      closed
//   half_open      refuse                 closed     open                      closed
//
// `abandoned`, a call that ended without a verdict on the downstream, changes only
// half_open: it opens again, and the next call is the probe.
//
// (1) After five failures in a row, or one that another try cannot mend. (2) When its
// time is over one call passes as the probe, and the state is half_open until it ends.

export type Breaker =
  | { readonly kind: "closed"; readonly failures: number }
  | {
      readonly kind: "open";
      readonly untilMs: number;
      readonly reason: string;
    }
  | {
      readonly kind: "half_open";
      readonly reason: string;
    };

export type BreakerEvent =
  | { readonly kind: "ask" }
  | { readonly kind: "succeeded" }
  | {
      readonly kind: "failed";
      /** One sentence for whoever is refused meanwhile. */
      readonly reason: string;
      /** Another try now cannot end better, e.g. without a login. */
      readonly isFinal: boolean;
      /** When the downstream itself said that it will answer again. */
      readonly retryAtMs?: number;
    }
  | { readonly kind: "abandoned" }
  | { readonly kind: "reload" };

export interface BreakerLimits {
  readonly failures: number;
  readonly openMs: number;
}

export const defaultBreakerLimits: BreakerLimits = {
  failures: 5,
  openMs: 30_000,
};

export type BreakerVerdict =
  | { readonly kind: "pass" }
  | {
      readonly kind: "refuse";
      readonly reason: string;
      /** Undefined while a probe is under way. */
      readonly untilMs: number | undefined;
    };

export interface BreakerStep {
  readonly state: Breaker;
  /** Of use for `ask` alone. */
  readonly verdict: BreakerVerdict;
}

export const initialBreaker: Breaker = { kind: "closed", failures: 0 };

const pass: BreakerVerdict = { kind: "pass" };

export function stepBreaker(
  state: Breaker,
  event: BreakerEvent,
  nowMs: number,
  limits: BreakerLimits,
): BreakerStep {
  switch (event.kind) {
    case "ask":
      return ask(state, nowMs);
    case "succeeded":
    case "reload":
      return { state: initialBreaker, verdict: pass };
    case "abandoned":
      return state.kind === "half_open"
        ? {
            state: { kind: "open", untilMs: nowMs, reason: state.reason },
            verdict: pass,
          }
        : { state, verdict: pass };
    case "failed": {
      const failures = state.kind === "closed" ? state.failures + 1 : 0;
      const staysClosed =
        state.kind === "closed" && !event.isFinal && failures < limits.failures;
      return staysClosed
        ? { state: { kind: "closed", failures }, verdict: pass }
        : {
            state: {
              kind: "open",
              untilMs: event.retryAtMs ?? nowMs + limits.openMs,
              reason: event.reason,
            },
            verdict: pass,
          };
    }
  }
}

function ask(state: Breaker, nowMs: number): BreakerStep {
  switch (state.kind) {
    case "closed":
      return { state, verdict: pass };
    case "half_open":
      return {
        state,
        verdict: { kind: "refuse", reason: state.reason, untilMs: undefined },
      };
    case "open":
      if (nowMs >= state.untilMs) {
        return {
          state: { kind: "half_open", reason: state.reason },
          verdict: pass,
        };
      }
      return {
        state,
        verdict: {
          kind: "refuse",
          reason: state.reason,
          untilMs: state.untilMs,
        },
      };
  }
}
