// Whether a call whose worker was lost may be attempted again. The only place that
// grants another attempt. Pure.
//
//   knowledge \ contract   convergent   probe_required   never_replay
//   not_dispatched         dispatch     dispatch         dispatch
//   outcome_unknown        dispatch     probe            give_up
//
// Past the last attempt every cell is give_up. `probe` means: ask a new worker, which
// looks at what the first attempt left behind before it starts anything.

import type { ReplayContract } from "../base/replay-contract.ts";

/** What is known of an attempt when its worker is gone. */
export type LostKnowledge = "not_dispatched" | "outcome_unknown";

export type ReplayDecision = "dispatch" | "probe" | "give_up";

export interface LostAttempt {
  readonly contract: ReplayContract;
  readonly knowledge: LostKnowledge;
  /** Attempts made so far, this one included. */
  readonly attempts: number;
}

export const maxAttempts = 5;

export function decideReplay(lost: LostAttempt): ReplayDecision {
  if (lost.attempts >= maxAttempts) return "give_up";
  if (lost.knowledge === "not_dispatched") return "dispatch";
  switch (lost.contract) {
    case "convergent":
      return "dispatch";
    case "probe_required":
      return "probe";
    case "never_replay":
      return "give_up";
  }
}
