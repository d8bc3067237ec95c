// One call to its outcome: asked of one worker after another until there is an answer,
// or a fault that another attempt cannot mend; and its run let go on, or ended.

import type { FaultRecord } from "../base/fault.ts";
import type { ConsultId, ProcessIdentity } from "../base/ids.ts";
import { describeError, type JsonObject } from "../base/json.ts";
import { grantTicket, releaseRun } from "../consult/custody.ts";
import { spoolAt } from "../consult/spool.ts";
import { decideReplay } from "../supervise/replay.ts";
import type { Clock } from "../sys/clock.ts";
import type { WireOutcome, WireProgress } from "../wire/messages.ts";
import type { Keeper } from "./keeper.ts";

export interface AttemptsOptions {
  readonly keeper: Keeper;
  readonly consultsDirectory: string;
  readonly owner: ProcessIdentity;
  readonly clock: Clock;
  /** A call is attempted again. */
  readonly onRetry: () => void;
  /** Whether another call, not cancelled, waits for the run of this one. */
  readonly isShared: (entry: WaitingCall) => boolean;
  readonly log: (line: string) => void;
}

export interface AttemptedCall {
  readonly kind: "consult" | "attach";
  readonly consultId: ConsultId;
  readonly arguments: JsonObject;
  readonly onProgress: (progress: WireProgress) => void;
}

/** A call that has no outcome yet, and what is known of its run. */
export interface WaitingCall {
  /** The run's own id, which differs from the call's when the call was attached. */
  consultId: ConsultId;
  readonly startedMs: number;
  isAccepted: boolean;
  isAttached: boolean;
  hasTicket: boolean;
  /** The call was answered "still running": it wants no more progress. */
  isLeft: boolean;
  /** Aborted when its client wants no answer any more. */
  readonly cancel: AbortSignal;
  message: string;
  queuePosition: number;
}

export interface Attempts {
  settle(
    call: AttemptedCall,
    entry: WaitingCall,
    onAccepted: () => void,
  ): Promise<WireOutcome>;
  /** The run goes on without anybody waiting for it. */
  giveTicket(entry: WaitingCall): void;
  /** True when its run is to end: nobody else waits for it. */
  release(entry: WaitingCall, reason: string): boolean;
}

export function createAttempts(options: AttemptsOptions): Attempts {
  const { keeper, clock, log } = options;

  const directoryOf = ({ consultId }: WaitingCall) =>
    spoolAt(options.consultsDirectory, consultId).directory;

  const giveTicket = (entry: WaitingCall) => {
    entry.hasTicket = true;
    if (!entry.isAccepted) return;
    try {
      grantTicket(directoryOf(entry));
    } catch (error) {
      log(`no ticket for ${entry.consultId}: ${describeError(error)}`);
    }
  };

  const release = (entry: WaitingCall, reason: string): boolean => {
    try {
      return releaseRun(directoryOf(entry), options.owner, reason);
    } catch (error) {
      log(`${entry.consultId} was not released: ${describeError(error)}`);
      return false;
    }
  };

  /** Attempts until there is an answer, or a fault that another attempt cannot mend. */
  const attempt = async (
    call: AttemptedCall,
    entry: WaitingCall,
    cancel: AbortSignal,
    onAccepted: () => void,
  ): Promise<WireOutcome> => {
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await keeper.consult({
        kind: call.kind,
        // The run that it was attached to may be over, and delivered to another.
        consultId: entry.consultId,
        arguments: call.arguments,
        signal: cancel,
        onAccepted: ({ consult_id, is_attached }) => {
          entry.consultId = consult_id;
          entry.isAccepted = true;
          entry.isAttached ||= is_attached && call.kind === "consult";
          if (entry.hasTicket) giveTicket(entry);
          onAccepted();
        },
        onProgress: (progress) => {
          entry.message = progress.message;
          entry.queuePosition = progress.queue_position;
          if (entry.isLeft) return;
          // By our own clock: a new worker counts from its own start, and progress
          // must never go back.
          const elapsed_ms = clock.monotonicMs() - entry.startedMs;
          call.onProgress({ ...progress, elapsed_ms });
        },
      });
      if (outcome.status === "success" || !isWorkerLost(outcome.fault)) {
        return outcome;
      }
      const decision = decideReplay({
        contract: "probe_required",
        knowledge: entry.isAccepted ? "outcome_unknown" : "not_dispatched",
        attempts,
      });
      if (decision === "give_up" || cancel.aborted) {
        return {
          ...outcome,
          fault: { ...outcome.fault, retried: attempts > 1 },
        };
      }
      // No pause: the keeper spaces its workers.
      options.onRetry();
    }
  };

  /** A worker that died has passed no cancellation on: the run is ended without it. */
  const settle = async (
    call: AttemptedCall,
    entry: WaitingCall,
    onAccepted: () => void,
  ): Promise<WireOutcome> => {
    const { cancel } = entry;
    const outcome = await attempt(call, entry, cancel, onAccepted);
    if (!cancel.aborted) return outcome;
    const { consultId } = entry;
    const spool = spoolAt(options.consultsDirectory, consultId);
    if (options.isShared(entry) || !spool.exists() || spool.hasOutcome())
      return outcome;
    if (!release(entry, String(cancel.reason))) return outcome;
    // Its runner may be dead as well: the next worker sees to it that it ends.
    const toTheEnd = { ...call, kind: "attach", consultId } as const;
    return attempt(toTheEnd, entry, new AbortController().signal, onAccepted);
  };

  return { settle, giveTicket, release };
}

/** The worker went away under the call; nothing is known of what it did. */
function isWorkerLost(fault: FaultRecord): boolean {
  return fault.fault.code === "transport_failure";
}
