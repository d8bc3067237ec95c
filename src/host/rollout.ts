// Watches the launch path and carries out what supervise/rollout.ts decides.

import {
  type Candidate,
  type Rollout,
  type RolloutEvent,
  type RolloutLimits,
  stepRollout,
} from "../supervise/rollout.ts";
import type { Clock } from "../sys/clock.ts";
import type { LaunchBinary } from "./binary.ts";

export interface HostRolloutOptions {
  readonly binary: LaunchBinary;
  readonly clock: Clock;
  readonly limits: RolloutLimits;
  readonly initial: Rollout;
  /** Resolves with why the candidate is unfit, undefined when it is fit. */
  readonly prove: () => Promise<string | undefined>;
  /** Resolves only when it failed, with the reason. */
  readonly handOver: (candidate: Candidate) => Promise<string>;
  readonly onRefused: (reason: string) => void;
  /** Through no fault of the candidate: it will be tried again. */
  readonly onPostponed: (reason: string) => void;
}

export interface HostRollout {
  state(): Rollout;
  /** Something was answered: a good moment to look. */
  glance(): void;
  reload(): void;
  /** Goes through all of it with whatever lies there, the running binary included. */
  force(): void;
  end(): void;
}

const idleLookMs = 1000;
const glanceMs = 100;

export function createHostRollout(options: HostRolloutOptions): HostRollout {
  const { clock, binary } = options;
  let state = options.initial;
  let lookedMs = clock.monotonicMs();
  let hasEnded = false;
  let takeBack = () => {};
  let underWay = Promise.resolve();

  const happen = (event: RolloutEvent) => {
    if (hasEnded) return;
    const nowMs = clock.monotonicMs();
    const step = stepRollout(state, event, nowMs, options.limits);
    state = step.state;
    switch (step.effect?.kind) {
      case undefined:
        return;
      case "prove":
        void proveIt(step.effect.candidate);
        return;
      case "hand_over":
        void handOver(step.effect.candidate);
        return;
    }
  };

  const proveIt = async (candidate: Candidate) => {
    const reason = await options.prove();
    // What was proven must still be what lies there.
    if (binary.candidate() !== candidate) return look();
    if (reason === undefined) return happen({ kind: "proven", candidate });
    happen({ kind: "unfit", candidate, reason });
    options.onRefused(reason);
  };

  const handOver = async (candidate: Candidate) => {
    // One after another: each ends by letting the session go on.
    const earlier = underWay;
    const mine = Promise.withResolvers<void>();
    underWay = mine.promise;
    await earlier;
    const reason = await options.handOver(candidate);
    mine.resolve();
    if (binary.candidate() !== candidate) return look();
    happen({ kind: "failed", reason });
    options.onPostponed(reason);
  };

  const look = () => {
    takeBack();
    if (hasEnded) return;
    lookedMs = clock.monotonicMs();
    const candidate = binary.isReplaced() ? binary.candidate() : undefined;
    happen({ kind: "seen", candidate });
    const isBusy = state.kind === "settling" || state.kind === "proving";
    takeBack = clock.after(isBusy ? glanceMs : idleLookMs, look);
  };
  look();

  return {
    state: () => state,
    glance: () => {
      if (clock.monotonicMs() - lookedMs >= glanceMs) look();
    },
    reload: () => {
      happen({ kind: "reload" });
      look();
    },
    force: () => {
      const candidate = binary.candidate();
      if (candidate !== undefined) happen({ kind: "force", candidate });
    },
    end: () => {
      hasEnded = true;
      takeBack();
    },
  };
}
