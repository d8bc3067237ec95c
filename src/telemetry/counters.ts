// What happened in this session, counted: in all and for each method. Fields and
// ranking are the seed's.

import type { Fault, FaultClass, FaultRecord } from "../base/fault.ts";
import { firstGeneration, type Generation } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import type {
  LifecycleState,
  MethodTelemetry,
  TelemetrySnapshot,
} from "../tools/snapshots.ts";

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
  snapshot(): TelemetrySnapshot;
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

interface Tally {
  request_count: number;
  success_count: number;
  response_error_count: number;
  transport_fault_count: number;
  retry_count: number;
}

interface MethodTally extends Tally {
  total_latency_ms: number;
  answered: number;
  max_latency_ms: number;
  last_latency_ms: number | null;
  last_error: string | null;
}

const emptyTally: Readonly<Tally> = {
  request_count: 0,
  success_count: 0,
  response_error_count: 0,
  transport_fault_count: 0,
  retry_count: 0,
};

/** Method names come from the client: beyond these bounds they share a row. */
const maxMethods = 100;
const maxMethodLength = 200;
const otherMethods = "(other methods)";

export function createCounters(clock: Clock): Counters {
  const startedMs = clock.monotonicMs();
  const totals: Tally = { ...emptyTally };
  const methods = new Map<string, MethodTally>();
  let state: LifecycleState = "cold";
  let generation = firstGeneration;
  let restarts = 0;
  let consecutiveFailures = 0;
  let lastFault: Fault | null = null;

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
      consecutiveFailures = 0;
      lastFault = null;
      totals.success_count += 1;
      const tally = tallyOf(operation);
      tally.success_count += 1;
      tally.last_error = null;
      recordLatency(tally, latencyMs);
    },
    recordError: (operation, fault, latencyMs) => {
      consecutiveFailures += 1;
      lastFault = fault.fault;
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
      restarts += 1;
    },
    recordWorkerReady: (ready) => {
      generation = ready;
      state = "ready";
    },
    recordWorkerLost: (isNeeded) => {
      state = isNeeded ? "recovering" : "cold";
    },
    recordReload: () => {
      state = "cold";
      consecutiveFailures = 0;
      lastFault = null;
    },
    snapshot: () => ({
      uptime_ms: Math.round(clock.monotonicMs() - startedMs),
      state,
      generation,
      consecutive_failures: consecutiveFailures,
      restart_count: restarts,
      host_rollouts: 0,
      totals: { ...totals },
      methods: rank(methods),
      last_fault: lastFault,
    }),
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
