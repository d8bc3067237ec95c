// The breaker before the downstream: which outcomes count against it, and what a call
// that it refuses is told. Policy is supervise/breaker.ts.

import { type FaultRecord, faultRecord } from "../base/fault.ts";
import {
  type Breaker,
  type BreakerEvent,
  type BreakerLimits,
  initialBreaker,
  stepBreaker,
} from "../supervise/breaker.ts";
import type { Clock } from "../sys/clock.ts";
import type { WireOutcome } from "../wire/messages.ts";
import { type CircuitState, circuitState } from "./circuit-state.ts";

export interface Circuit {
  /** Undefined when the call may pass, else its fault. `call` stands for the call. */
  ask(call?: object): FaultRecord | undefined;
  /** While a probe is under way its outcome alone counts. */
  absorb(outcome: WireOutcome, call?: object): void;
  reload(): void;
  kind(): Breaker["kind"];
  /** What the next image must know. */
  state(): CircuitState;
}

/** However late a limit ends: somebody may have logged in elsewhere meanwhile. */
const longestOpenMs = 300_000;

export function createCircuit(
  limits: BreakerLimits,
  clock: Clock,
  earlier?: CircuitState,
): Circuit {
  let state: Breaker = earlier ?? initialBreaker;
  let probe: object | undefined;
  const happen = (event: BreakerEvent) => {
    const step = stepBreaker(state, event, clock.monotonicMs(), limits);
    state = step.state;
    return step.verdict;
  };

  const verdictOn = (outcome: WireOutcome): BreakerEvent => {
    if (outcome.status === "success") return { kind: "succeeded" };
    const { fault, retry_at_unix_ms: retryAt } = outcome.fault;
    if (fault.code === "tree_changed") return { kind: "succeeded" };
    if (fault.code !== "downstream_failure") return { kind: "abandoned" };
    const failed = (isFinal: boolean): BreakerEvent => ({
      kind: "failed",
      reason: fault.detail,
      isFinal,
    });
    switch (fault.reason) {
      case "not_installed":
      case "too_old":
      case "not_logged_in":
      case "auth":
      case "billing":
      case "sandbox":
        return failed(true);
      case "rate_limit": {
        if (retryAt === undefined) return failed(false);
        const waitMs = Math.max(0, retryAt - clock.unixMs());
        const untilMs = clock.monotonicMs() + Math.min(waitMs, longestOpenMs);
        return {
          kind: "failed",
          reason: fault.detail,
          isFinal: true,
          retryAtMs: untilMs,
        };
      }
      case "overloaded":
      case "api_error":
      case "bad_output":
      case "killed":
      case "failed":
        return failed(false);
      case "prompt_too_long":
      case "refused":
      case "max_turns":
      case "budget":
      case "model_unknown":
      case "session_unknown":
        // The downstream did its part.
        return { kind: "succeeded" };
      case undefined:
        return { kind: "abandoned" };
    }
  };

  return {
    ask: (call) => {
      const verdict = happen({ kind: "ask" });
      if (verdict.kind === "pass") {
        if (state.kind === "half_open") probe = call;
        return undefined;
      }
      const { reason, untilMs } = verdict;
      const waitMs =
        untilMs === undefined ? 0 : Math.max(0, untilMs - clock.monotonicMs());
      const when =
        untilMs === undefined
          ? "while one consult tries whether it works again"
          : `for ${Math.ceil(waitMs / 1000)} s`;
      return faultRecord({
        code: "breaker_open",
        stage: "host",
        operation: "tools/call:consult",
        retryAtUnixMs: Math.round(clock.unixMs() + waitMs),
        detail: `Claude Code is not asked ${when}, since it failed: ${reason} When that is mended, \`phone-opus mcp reload\` lets the next consult through at once.`,
      });
    },
    absorb: (outcome, call) => {
      const isProbing = state.kind === "half_open";
      if (!isProbing || call === probe) happen(verdictOn(outcome));
    },
    reload: () => void happen({ kind: "reload" }),
    kind: () => state.kind,
    state: () => circuitState(state, clock.monotonicMs()),
  };
}
