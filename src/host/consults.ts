// The consults of this session: dispatched, dispatched again when a worker dies, let
// go on with a ticket when the client cannot wait, ended when it leaves.

import type { FaultRecord } from "../base/fault.ts";
import type { ConsultId, ProcessIdentity } from "../base/ids.ts";
import { describeError, type JsonObject } from "../base/json.ts";
import { grantTicket, releaseRun } from "../consult/custody.ts";
import { spoolAt } from "../consult/spool.ts";
import { decideReplay } from "../supervise/replay.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { type ConsultAnswer, consultAnswerSchema } from "../tools/answer.ts";
import type { WireOutcome, WireProgress } from "../wire/messages.ts";
import type { Capsule } from "./capsule.ts";
import type { Circuit } from "./circuit.ts";
import { isTimeLimit } from "./client-limits.ts";
import type { Keeper } from "./keeper.ts";

export interface ConsultsOptions {
  readonly keeper: Keeper;
  readonly circuit: Circuit;
  readonly consultsDirectory: string;
  readonly owner: ProcessIdentity;
  readonly clock: Clock;
  /** A call is attempted again. */
  readonly onRetry: () => void;
  readonly log: (line: string) => void;
}

export interface ConsultRequestCall {
  readonly kind: "consult" | "attach";
  readonly consultId: ConsultId;
  readonly arguments: JsonObject;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WireProgress) => void;
  /** Infinity: until the answer is there. */
  readonly waitMs: number;
  /** When an earlier image of this host began the call. */
  readonly resumedFromMs?: number | undefined;
}

export type ConsultResult =
  | {
      readonly kind: "answer";
      readonly answer: ConsultAnswer;
      readonly isAttached: boolean;
    }
  | { readonly kind: "fault"; readonly fault: FaultRecord }
  | {
      readonly kind: "running";
      readonly consultId: ConsultId;
      readonly elapsedMs: number;
      readonly message: string;
    };

export interface LiveConsult {
  readonly consultId: ConsultId;
  readonly startedMs: number;
  readonly message: string;
  readonly queuePosition: number;
}

export interface Consults {
  run(call: ConsultRequestCall): Promise<ConsultResult>;
  live(): readonly LiveConsult[];
  /** Runs whose call was answered "still running", which are watched all the same. */
  followed(): Capsule["followed"];
  /** Watches a run that an earlier image of this host let go on. */
  follow(consultId: ConsultId, startedMs: number): void;
  /** The client is gone: what has no ticket is ended. Takes milliseconds. */
  end(reason: string): void;
}

interface Waiting {
  /** The run's own id, which differs from the call's when the call was attached. */
  consultId: ConsultId;
  readonly startedMs: number;
  isAccepted: boolean;
  isAttached: boolean;
  hasTicket: boolean;
  /** The call was answered "still running": it wants no more progress. */
  isLeft: boolean;
  message: string;
  queuePosition: number;
}

export function createConsults(options: ConsultsOptions): Consults {
  const { keeper, clock, log } = options;
  const waiting = new Set<Waiting>();

  const directoryOf = ({ consultId }: Waiting) =>
    spoolAt(options.consultsDirectory, consultId).directory;

  const hasSpool = (consultId: ConsultId) =>
    spoolAt(options.consultsDirectory, consultId).exists();

  const giveTicket = (entry: Waiting) => {
    entry.hasTicket = true;
    if (!entry.isAccepted) return;
    try {
      grantTicket(directoryOf(entry));
    } catch (error) {
      log(`no ticket for ${entry.consultId}: ${describeError(error)}`);
    }
  };

  const release = (entry: Waiting, reason: string) => {
    try {
      releaseRun(directoryOf(entry), options.owner, reason);
    } catch (error) {
      log(`${entry.consultId} was not released: ${describeError(error)}`);
    }
  };

  /**
   * A cancelled call ends its run. The worker did that if there was one to be told;
   * between two workers, or two images, there is none.
   */
  const letGo = (entry: Waiting, reason: string) => {
    const isShared = [...waiting].some(
      (other) => other !== entry && other.consultId === entry.consultId,
    );
    if (isShared || !entry.isAccepted) return;
    const spool = spoolAt(options.consultsDirectory, entry.consultId);
    if (spool.exists() && !spool.hasOutcome()) release(entry, reason);
  };

  /** Attempts until there is an answer, or a fault that another attempt cannot mend. */
  const settle = async (
    call: ConsultRequestCall,
    entry: Waiting,
    cancel: AbortSignal,
    onAccepted: () => void,
  ): Promise<WireOutcome> => {
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await keeper.consult({
        kind: call.kind,
        consultId: call.consultId,
        arguments: call.arguments,
        signal: cancel,
        onAccepted: ({ consult_id, is_attached }) => {
          entry.consultId = consult_id;
          entry.isAccepted = true;
          entry.isAttached = is_attached && call.kind === "consult";
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

  const run = async (call: ConsultRequestCall): Promise<ConsultResult> => {
    const { resumedFromMs } = call;
    const isNew = call.kind === "consult";
    const isAsked = isNew && resumedFromMs === undefined;
    const refusal = isAsked ? options.circuit.ask(call) : undefined;
    if (refusal !== undefined) return { kind: "fault", fault: refusal };
    const entry: Waiting = {
      consultId: call.consultId,
      startedMs: resumedFromMs ?? clock.monotonicMs(),
      isAccepted: resumedFromMs !== undefined && hasSpool(call.consultId),
      isAttached: false,
      hasTicket: false,
      isLeft: false,
      message: "starting",
      queuePosition: 0,
    };
    waiting.add(entry);
    const cancel = new AbortController();
    const onAbort = () => {
      const reason = String(call.signal.reason);
      // Its run goes on: what the client's clock took is there to be fetched.
      if (isTimeLimit(reason)) {
        giveTicket(entry);
        entry.isLeft = true;
      } else cancel.abort(describeCancellation(reason));
    };
    if (call.signal.aborted) onAbort();
    call.signal.addEventListener("abort", onAbort, { once: true });

    const accepted = Promise.withResolvers<void>();
    const settled = settle(call, entry, cancel.signal, accepted.resolve)
      .then((outcome) => {
        const { signal } = cancel;
        if (signal.aborted) letGo(entry, String(signal.reason));
        if (isNew) options.circuit.absorb(outcome, call);
        return resultOf(outcome, entry);
      })
      .finally(() => waiting.delete(entry));
    const over = new AbortController();
    const waitMs = entry.startedMs + call.waitMs - clock.monotonicMs();
    const patience: Promise<ConsultResult> = Number.isFinite(waitMs)
      ? sleep(clock, Math.max(0, waitMs), over.signal)
          // A ticket needs a run to be a ticket for.
          .then(() => Promise.race([accepted.promise, settled]))
          .then(() => {
            if (!over.signal.aborted) giveTicket(entry);
            entry.isLeft = true;
            return {
              kind: "running",
              consultId: entry.consultId,
              elapsedMs: clock.monotonicMs() - entry.startedMs,
              message: entry.message,
            };
          })
      : new Promise(() => {});
    const result = await Promise.race([settled, patience]);
    over.abort();
    return result;
  };

  return {
    run,
    followed: () =>
      [...waiting]
        .filter(({ isLeft }) => isLeft)
        .map((entry) => ({
          consult_id: entry.consultId,
          started_ms: entry.startedMs,
        })),
    follow: (consultId, startedMs) => {
      void run({
        kind: "attach",
        consultId,
        arguments: {},
        signal: new AbortController().signal,
        onProgress: () => {},
        waitMs: 0,
        resumedFromMs: startedMs,
      });
    },
    live: () =>
      [...waiting].map(({ consultId, startedMs, message, queuePosition }) => ({
        consultId,
        startedMs,
        message,
        queuePosition,
      })),
    end: (reason) => {
      for (const entry of waiting) {
        if (entry.hasTicket || !entry.isAccepted) continue;
        release(entry, reason);
      }
      keeper.end(reason);
    },
  };
}

/** The worker went away under the call; nothing is known of what it did. */
function isWorkerLost(fault: FaultRecord): boolean {
  return fault.fault.code === "transport_failure";
}

function resultOf(outcome: WireOutcome, entry: Waiting): ConsultResult {
  return outcome.status === "fault"
    ? { kind: "fault", fault: outcome.fault }
    : {
        kind: "answer",
        answer: consultAnswerSchema.parse(outcome.result),
        isAttached: entry.isAttached,
      };
}

function describeCancellation(reason: string): string {
  return /^(undefined|AbortError.*|Error: Connection closed)?$/.test(reason)
    ? "The client cancelled the consult."
    : `The client cancelled the consult: ${reason}.`;
}
