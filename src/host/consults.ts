// The consults of this session: dispatched, dispatched again when a worker dies, let
// go on with a ticket when the client cannot wait, ended when it leaves.

import type { FaultRecord } from "../base/fault.ts";
import type { ConsultId } from "../base/ids.ts";
import { spoolAt } from "../consult/spool.ts";
import { sleep } from "../sys/clock.ts";
import { type ConsultAnswer, consultAnswerSchema } from "../tools/answer.ts";
import type { WireOutcome } from "../wire/messages.ts";
import {
  type AttemptedCall,
  type AttemptsOptions,
  createAttempts,
  type WaitingCall,
} from "./attempts.ts";
import type { Capsule } from "./capsule.ts";
import type { Circuit } from "./circuit.ts";
import { isTimeLimit } from "./client-limits.ts";

export interface ConsultsOptions extends Omit<AttemptsOptions, "isShared"> {
  readonly circuit: Circuit;
}

export interface ConsultRequestCall extends AttemptedCall {
  readonly signal: AbortSignal;
  /** Infinity: until the answer is there. */
  readonly waitMs: number;
  /** When an earlier image of this host began the call. */
  readonly resumedFromMs?: number | undefined;
  /** Its caller was answered "still running" before. */
  readonly isLeft?: boolean;
  /** It waits for this run, its own or another call's. */
  readonly onAccepted?: (consultId: ConsultId) => void;
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
  /** No call waits for a worker. */
  isIdle(): boolean;
  /** Runs that are not over. */
  live(): readonly LiveConsult[];
  /** Runs that nobody waits for any more, but which are watched to their end. */
  followed(): Capsule["followed"];
  /** Watches a run that an earlier image of this host let go on. */
  follow(consultId: ConsultId, startedMs: number): void;
  /** The client is gone: what has no ticket is ended. Takes milliseconds. */
  end(reason: string): void;
}

/** How long a worker may take to tell an outcome that is there. */
const tellingMs = 1000;

export function createConsults(options: ConsultsOptions): Consults {
  const { keeper, clock } = options;
  const waiting = new Set<WaitingCall>();
  const attempts = createAttempts({
    ...options,
    isShared: (entry) =>
      [...waiting].some(
        (other) => other.consultId === entry.consultId && !other.cancel.aborted,
      ),
  });

  const hasSpool = (consultId: ConsultId) =>
    spoolAt(options.consultsDirectory, consultId).exists();
  const hasOutcome = (consultId: ConsultId) =>
    spoolAt(options.consultsDirectory, consultId).hasOutcome();

  const run = async (call: ConsultRequestCall): Promise<ConsultResult> => {
    const { resumedFromMs } = call;
    const isNew = call.kind === "consult";
    const isAsked = isNew && resumedFromMs === undefined;
    const refusal = isAsked ? options.circuit.ask(call) : undefined;
    if (refusal !== undefined) return { kind: "fault", fault: refusal };
    const cancel = new AbortController();
    const entry: WaitingCall = {
      consultId: call.consultId,
      startedMs: resumedFromMs ?? clock.monotonicMs(),
      isAccepted: resumedFromMs !== undefined && hasSpool(call.consultId),
      isAttached: false,
      hasTicket: false,
      isLeft: call.isLeft ?? false,
      cancel: cancel.signal,
      message: "starting",
      queuePosition: 0,
    };
    waiting.add(entry);
    const onAbort = () => {
      const reason = String(call.signal.reason);
      // Its run goes on: what the client's clock took is there to be fetched.
      if (isTimeLimit(reason)) {
        attempts.giveTicket(entry);
        entry.isLeft = true;
      } else cancel.abort(describeCancellation(reason));
    };
    if (call.signal.aborted) onAbort();
    call.signal.addEventListener("abort", onAbort, { once: true });

    const accepted = Promise.withResolvers<void>();
    const settled = attempts
      .settle(call, entry, () => {
        call.onAccepted?.(entry.consultId);
        accepted.resolve();
      })
      .then((outcome) => {
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
          // One that is over is not "still running", however short the wait: the
          // worker is about to tell.
          .then(() =>
            hasOutcome(entry.consultId)
              ? Promise.race([settled, sleep(clock, tellingMs, over.signal)])
              : undefined,
          )
          .then((told) => {
            if (told !== undefined) return told;
            if (!over.signal.aborted) attempts.giveTicket(entry);
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
        .filter(({ isLeft, cancel }) => isLeft || cancel.aborted)
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
        isLeft: true,
        resumedFromMs: startedMs,
      });
    },
    isIdle: () => waiting.size === 0,
    live: () =>
      [...waiting]
        .filter(
          ({ consultId }) =>
            !spoolAt(options.consultsDirectory, consultId).hasOutcome(),
        )
        .map(({ consultId, startedMs, message, queuePosition }) => ({
          consultId,
          startedMs,
          message,
          queuePosition,
        })),
    end: (reason) => {
      for (const entry of waiting) {
        if (!entry.hasTicket && entry.isAccepted)
          attempts.release(entry, reason);
      }
      keeper.end(reason);
    },
  };
}

function resultOf(outcome: WireOutcome, entry: WaitingCall): ConsultResult {
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
