// Which consult each request for one began: what a request must find again when the
// next image takes it up.

import type { ConsultId, RequestId } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import type { Capsule } from "./capsule.ts";

export interface Invocation {
  readonly consultId: ConsultId;
  /** When an earlier image began it; undefined: it begins now. */
  readonly resumedFromMs: number | undefined;
}

export interface Invocations {
  /** Whether an earlier image took this request, and it is to be taken up. */
  isResumed(requestId: RequestId): boolean;
  /** The consult that this request begins, or began before. */
  begin(requestId: RequestId): Invocation;
  /** It waits for the run of this consult, which may be another request's. */
  attach(
    requestId: RequestId,
    invocation: Invocation,
    consultId: ConsultId,
  ): void;
  end(requestId: RequestId, invocation: Invocation): void;
  /** When a request that begins no consult was first taken, by an earlier image. */
  resumedFromMs(requestId: RequestId): number | undefined;
  state(): Capsule["calls"];
}

export interface InvocationsOptions {
  readonly newConsultId: () => ConsultId;
  readonly clock: Clock;
  readonly earlier?: Pick<Capsule, "calls" | "session"> | undefined;
}

interface Begun {
  readonly invocation: Invocation;
  readonly consultId: ConsultId;
  readonly startedMs: number;
}

const waits = new Set(["tools/call:consult_wait", "tools/call:consult_cancel"]);

export function createInvocations(options: InvocationsOptions): Invocations {
  const { clock, earlier } = options;
  const running = new Map<RequestId, Begun>();
  // Each is good for once: the client may use the id again when it is answered, or
  // when it has cancelled the request.
  const owed = new Set(earlier?.session.pending.map(({ id }) => id));
  const resumed = new Map(
    earlier?.calls
      .filter((call) => owed.has(call.request_id))
      .map((call) => [call.request_id, call]),
  );
  const waiting = new Map(
    earlier?.session.pending
      .filter(({ operation }) => waits.has(operation))
      .map(({ id, startedMs }) => [id, startedMs]),
  );
  /** A cancelled request's id may be another's by now. */
  const begunBy = (requestId: RequestId, invocation: Invocation) => {
    const begun = running.get(requestId);
    return begun?.invocation === invocation ? begun : undefined;
  };
  return {
    isResumed: (requestId) => resumed.has(requestId),
    begin: (requestId) => {
      const call = resumed.get(requestId);
      resumed.delete(requestId);
      const invocation: Invocation = {
        consultId: call?.consult_id ?? options.newConsultId(),
        resumedFromMs: call?.started_ms,
      };
      const startedMs = invocation.resumedFromMs ?? clock.monotonicMs();
      const { consultId } = invocation;
      running.set(requestId, { invocation, consultId, startedMs });
      return invocation;
    },
    attach: (requestId, invocation, consultId) => {
      const begun = begunBy(requestId, invocation);
      if (begun !== undefined) running.set(requestId, { ...begun, consultId });
    },
    end: (requestId, invocation) => {
      if (begunBy(requestId, invocation)) running.delete(requestId);
    },
    resumedFromMs: (requestId) => {
      const startedMs = waiting.get(requestId);
      waiting.delete(requestId);
      return startedMs;
    },
    state: () =>
      [...running].map(([request_id, { consultId, startedMs }]) => ({
        request_id,
        consult_id: consultId,
        started_ms: startedMs,
      })),
  };
}
