// What happened in this session, counted: in all and for each method. Fields and
// ranking are the seed's.

import type { FaultClass, FaultRecord } from "../base/fault.ts";
import { firstGeneration, type Generation } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import type { MethodTelemetry, TelemetrySnapshot } from "../tools/snapshots.ts";
import {
  type CountersState,
  emptyTally,
  type MethodTally,
} from "./counters-state.ts";

export interface Counters {
  recordRequest(operation: string): void;
  recordSuccess(operation: string, latencyMs: number): void;
  recordError(operation: string, fault: FaultRecord, latencyMs: number): void;
  recordRetry(operation: string): void;
  /** A worker is started in the place of another. */
  recordWorkerRestart(): void;
  /** The worker of this generation is up. */
  recordWorkerReady(generation: Generation): void;
  /** `isNeeded` when calls wait for the next one. */
  recordWorkerLost(isNeeded: boolean): void;
  /** Somebody asked for a fresh start: what went wrong before is not held on to. */
  recordReload(): void;
  /** This host became another image. */
  recordRollout(): void;
  /** One that no request is told of. */
  recordFault(fault: FaultRecord): void;
  snapshot(): TelemetrySnapshot;
  /** Everything counted, for the image that goes on with the session. */
  state(): CountersState;
}

/** Faults of the way to the answer, in contrast to those in answers. */
const transportClasses: ReadonlySet<FaultClass> = new Set<FaultClass>([
  "transport",
  "process",
  "timeout",
  "resource",
  "replay",
  "rollout",
]);

/** Method names come from the client: beyond these bounds they share a row. */
const maxMethods = 100;
const maxMethodLength = 200;
const otherMethods = "(other methods)";

export function createCounters(
  clock: Clock,
  earlier?: CountersState,
): Counters {
  const { methods: counted, ...session }: CountersState = structuredClone(
    earlier ?? coldState(clock.monotonicMs()),
  );
  const methods = new Map(counted);
  const { totals } = session;

  const tallyOf = (operation: string): MethodTally => {
    const isNew = !methods.has(operation);
    const isOdd = operation.length > maxMethodLength;
    const name =
      isOdd || (isNew && methods.size >= maxMethods) ? otherMethods : operation;
    const tally = methods.get(name) ?? {
      ...emptyTally,
      total_latency_ms: 0,
      answered: 0,
      max_latency_ms: 0,
      last_latency_ms: null,
      last_error: null,
    };
    methods.set(name, tally);
    return tally;
  };

  const recordLatency = (tally: MethodTally, latencyMs: number) => {
    const whole = Math.round(latencyMs);
    tally.total_latency_ms += whole;
    tally.answered += 1;
    tally.max_latency_ms = Math.max(tally.max_latency_ms, whole);
    tally.last_latency_ms = whole;
  };

  return {
    recordRequest: (operation) => {
      totals.request_count += 1;
      tallyOf(operation).request_count += 1;
    },
    recordSuccess: (operation, latencyMs) => {
      session.consecutive_failures = 0;
      session.last_fault = null;
      totals.success_count += 1;
      const tally = tallyOf(operation);
      tally.success_count += 1;
      tally.last_error = null;
      recordLatency(tally, latencyMs);
    },
    recordError: (operation, fault, latencyMs) => {
      session.consecutive_failures += 1;
      session.last_fault = fault.fault;
      const kind = transportClasses.has(fault.fault.class)
        ? "transport_fault_count"
        : "response_error_count";
      totals[kind] += 1;
      const tally = tallyOf(operation);
      tally[kind] += 1;
      tally.last_error = fault.fault.detail;
      recordLatency(tally, latencyMs);
    },
    recordRetry: (operation) => {
      totals.retry_count += 1;
      tallyOf(operation).retry_count += 1;
    },
    recordWorkerRestart: () => {
      session.restarts += 1;
    },
    recordWorkerReady: (ready) => {
      session.generation = ready;
      session.state = "ready";
    },
    recordWorkerLost: (isNeeded) => {
      session.state = isNeeded ? "recovering" : "cold";
    },
    recordReload: () => {
      session.state = "cold";
      session.consecutive_failures = 0;
      session.last_fault = null;
    },
    recordRollout: () => {
      session.rollouts += 1;
    },
    recordFault: (fault) => {
      session.last_fault = fault.fault;
    },
    snapshot: () => ({
      uptime_ms: Math.round(clock.monotonicMs() - session.started_ms),
      state: session.state,
      generation: session.generation,
      consecutive_failures: session.consecutive_failures,
      restart_count: session.restarts,
      host_rollouts: session.rollouts,
      totals: { ...totals },
      methods: rank(methods),
      last_fault: session.last_fault,
    }),
    state: () => structuredClone({ ...session, methods: [...methods] }),
  };
}

function coldState(nowMs: number): CountersState {
  return {
    started_ms: nowMs,
    totals: { ...emptyTally },
    methods: [],
    state: "cold",
    generation: firstGeneration,
    restarts: 0,
    rollouts: 0,
    consecutive_failures: 0,
    last_fault: null,
  };
}

function rank(methods: ReadonlyMap<string, MethodTally>): MethodTelemetry[] {
  return [...methods]
    .map(([method, { total_latency_ms, answered, ...tally }]) => ({
      method,
      ...tally,
      avg_latency_ms:
        answered === 0 ? 0 : Math.round(total_latency_ms / answered),
    }))
    .toSorted(
      (a, b) =>
        b.request_count - a.request_count ||
        b.transport_fault_count - a.transport_fault_count ||
        b.response_error_count - a.response_error_count ||
        (a.method < b.method ? -1 : 1),
    );
}
