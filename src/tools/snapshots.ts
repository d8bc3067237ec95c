// The tools that look at the host itself, `health_snapshot` and `telemetry_snapshot`:
// what may be asked and what they tell.

import { z } from "zod";
import type { Fault } from "../base/fault.ts";
import type { SandboxKind } from "../base/sandbox.ts";
import { presentationShape } from "./presentation.ts";

export const snapshotArgumentsSchema = z.strictObject(presentationShape);
export type SnapshotArguments = z.infer<typeof snapshotArgumentsSchema>;

/** What a worker is to the host: `cold` has none yet and starts one on demand. */
export type LifecycleState = "cold" | "ready" | "recovering";

export interface RunningConsult {
  readonly consult_id: string;
  readonly running_ms: number;
  readonly progress: string;
  /** 0: it runs; else its place among those that wait for their turn. */
  readonly queue_position: number;
}

/** What the kernel can hold a consult to, and whether that is enough for the setting. */
export interface SandboxHealth {
  readonly mode: "auto" | "required" | "off";
  readonly kind: SandboxKind;
  readonly detail: string;
  /** Required and not to be had: every consult is refused. */
  readonly is_missing: boolean;
}

export interface HealthSnapshot {
  readonly version: string;
  readonly pid: number;
  readonly state: LifecycleState;
  readonly generation: number;
  readonly uptime_ms: number;
  readonly consecutive_failures: number;
  readonly restart_count: number;
  /** Whether another binary lies at the launch path, and what becomes of it. */
  readonly rollout: "stable" | "pending" | "refused";
  /** Why the other binary does not serve, where that is known. */
  readonly rollout_reason: string | null;
  readonly last_fault: Fault | null;
  readonly worker_alive: boolean;
  /** The worker's own state, apart from the host's. */
  readonly worker_phase:
    "absent" | "starting" | "ready" | "waiting" | "ejected";
  readonly breaker: "closed" | "open" | "half_open";
  /** 0 when nothing runs. */
  readonly oldest_run_ms: number;
  /** Of the last consult of this session. */
  readonly claude_version: string | null;
  readonly ledger_bytes: number;
  readonly sandbox: SandboxHealth;
  /** A variable that cannot be used, for which every consult is refused. */
  readonly configuration_problem: string | null;
  readonly launch_path: string;
  readonly launch_path_stable: boolean;
  readonly running: readonly RunningConsult[];
}

export interface TelemetryTotals {
  readonly request_count: number;
  readonly success_count: number;
  readonly response_error_count: number;
  readonly transport_fault_count: number;
  readonly retry_count: number;
}

export interface MethodTelemetry extends TelemetryTotals {
  readonly method: string;
  readonly last_latency_ms: number | null;
  readonly max_latency_ms: number;
  readonly avg_latency_ms: number;
  readonly last_error: string | null;
}

export interface TelemetrySnapshot {
  readonly uptime_ms: number;
  readonly state: LifecycleState;
  readonly generation: number;
  readonly consecutive_failures: number;
  readonly restart_count: number;
  readonly host_rollouts: number;
  readonly totals: TelemetryTotals;
  /** Hottest first. */
  readonly methods: readonly MethodTelemetry[];
  readonly last_fault: Fault | null;
}
