// What `health_snapshot` tells, gathered from those who know.

import { version } from "../base/version.ts";
import {
  describeKernelLayer,
  insufficiency,
  type KernelLayer,
} from "../sandbox/probe.ts";
import type { Rollout } from "../supervise/rollout.ts";
import type { Clock } from "../sys/clock.ts";
import { sizeOfFile } from "../sys/files.ts";
import type { SandboxMode } from "../sys/settings.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { HealthSnapshot } from "../tools/snapshots.ts";
import type { LaunchBinary } from "./binary.ts";
import type { Circuit } from "./circuit.ts";
import type { Consults } from "./consults.ts";
import type { Keeper } from "./keeper.ts";

export interface HealthSources {
  readonly counters: Counters;
  readonly keeper: Keeper;
  readonly circuit: Circuit;
  readonly consults: Consults;
  readonly binary: LaunchBinary;
  readonly clock: Clock;
  readonly ledgerPath: string;
  readonly claudeVersion: () => string | undefined;
  /** Undefined where this host does not become another binary. */
  readonly rollout: () => Rollout | undefined;
  readonly sandboxMode: SandboxMode;
  readonly configurationProblem: string | undefined;
  readonly kernel: KernelLayer;
}

export function readHealth(sources: HealthSources): HealthSnapshot {
  const { counters, keeper, circuit, consults, binary, clock } = sources;
  const {
    methods: _,
    totals: __,
    host_rollouts: ___,
    ...lifecycle
  } = counters.snapshot();
  const nowMs = clock.monotonicMs();
  const live = consults.live();
  return {
    ...lifecycle,
    version,
    pid: process.pid,
    generation: keeper.generation(),
    ...describeRollout(sources.rollout(), binary),
    worker_alive: keeper.isAlive(),
    worker_phase: keeper.phase(),
    breaker: circuit.kind(),
    launch_path: binary.path,
    launch_path_stable: binary.isPathStable,
    oldest_run_ms: Math.round(
      Math.max(0, ...live.map(({ startedMs }) => nowMs - startedMs)),
    ),
    claude_version: sources.claudeVersion() ?? null,
    ledger_bytes: sizeOfFile(sources.ledgerPath),
    sandbox: {
      mode: sources.sandboxMode,
      kind: sources.kernel.kind,
      detail: describeKernelLayer(sources.kernel),
      is_missing:
        sources.sandboxMode === "required" &&
        insufficiency(sources.kernel) !== undefined,
    },
    configuration_problem: sources.configurationProblem ?? null,
    running: live.map((consult) => ({
      consult_id: consult.consultId,
      running_ms: Math.round(nowMs - consult.startedMs),
      progress: consult.message,
      queue_position: consult.queuePosition,
    })),
  };
}

function describeRollout(
  rollout: Rollout | undefined,
  binary: LaunchBinary,
): Pick<HealthSnapshot, "rollout" | "rollout_reason"> {
  switch (rollout?.kind) {
    case undefined:
    case "current":
      return {
        rollout: binary.isReplaced() ? "pending" : "stable",
        rollout_reason: null,
      };
    case "settling":
    case "proving":
    case "ready":
      return { rollout: "pending", rollout_reason: null };
    case "postponed":
      return { rollout: "pending", rollout_reason: clause(rollout.reason) };
    case "refused":
      return { rollout: "refused", rollout_reason: clause(rollout.reason) };
  }
}

function clause(reason: string): string {
  return `The new binary ${reason}.`;
}
