// The consults of a session on a keeper that the test plays, a clock that it owns, and
// spools that are really there.

import { faultRecord } from "../../src/base/fault.ts";
import type { ConsultId } from "../../src/base/ids.ts";
import { cancelReason, hasTicket } from "../../src/consult/custody.ts";
import { createCircuit } from "../../src/host/circuit.ts";
import { defaultBreakerLimits } from "../../src/supervise/breaker.ts";
import {
  type ConsultRequestCall,
  createConsults,
} from "../../src/host/consults.ts";
import type { ConsultCall } from "../../src/host/keeper.ts";
import type { WireOutcome } from "../../src/wire/messages.ts";
import { newId, scene, self } from "../consult/scene.ts";
import { until } from "../helpers/until.ts";
import { eventually } from "../process/eventually.ts";
import { fakeKeeper, workerResult } from "./fake-keeper.ts";

interface Attempt {
  readonly call: ConsultCall;
  accept(consultId?: ConsultId, isAttached?: boolean): void;
  answer(consultId?: ConsultId): void;
  fail(fault: ReturnType<typeof faultRecord>): void;
  loseWorker(): void;
}

export function consulting(waitMs = Infinity) {
  const place = scene(self);
  const { clock } = place;
  const attempts: Attempt[] = [];
  const events: string[] = [];
  const keeper = fakeKeeper((call) => {
    const { promise, resolve } = Promise.withResolvers<WireOutcome>();
    attempts.push(attemptOf(call, resolve));
    return promise;
  });
  const consults = createConsults({
    keeper,
    circuit: createCircuit(defaultBreakerLimits, clock),
    consultsDirectory: place.consults,
    owner: self,
    clock,
    onRetry: () => events.push("retry"),
    log: (line) => events.push(line),
  });
  const ask = (changes: Partial<ConsultRequestCall> = {}) => {
    const { id, directory } = place.spool(newId());
    const abort = new AbortController();
    const progress: string[] = [];
    const result = consults.run({
      kind: "consult",
      consultId: id,
      arguments: { prompt: "Why?" },
      signal: abort.signal,
      onProgress: ({ message }) => progress.push(message),
      waitMs,
      ...changes,
    });
    return {
      id,
      abort,
      progress,
      result,
      hasTicket: () => hasTicket(directory),
      cancelReason: () => cancelReason(directory),
    };
  };
  return {
    place,
    clock,
    keeper,
    consults,
    events,
    ask,
    /** The n-th attempt that the keeper was given, from 1. */
    attempt: (count: number) =>
      eventually(`attempt ${count} is made`, () => attempts.at(count - 1)),
    attempts: () => attempts.length,
    /** Lets `ms` pass once `callbacks` wait for the clock. */
    pass: async (ms: number, callbacks: number) => {
      await until(
        `${callbacks} wait for the clock`,
        () => clock.pending() === callbacks,
      );
      clock.advance(ms);
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

function attemptOf(
  call: ConsultCall,
  settle: (outcome: WireOutcome) => void,
): Attempt {
  const fail = (fault: ReturnType<typeof faultRecord>) =>
    settle({ status: "fault", fault });
  return {
    call,
    accept: (consultId = call.consultId, isAttached = false) =>
      call.onAccepted({
        kind: "accepted",
        id: 1,
        consult_id: consultId,
        is_attached: isAttached,
      }),
    answer: (consultId = call.consultId) =>
      settle({ status: "success", result: workerResult(consultId, "Why?") }),
    fail,
    loseWorker: () =>
      fail(
        faultRecord({
          code: "transport_failure",
          stage: "transport",
          operation: "tools/call:consult",
          detail: "The worker ended before it answered.",
        }),
      ),
  };
}
