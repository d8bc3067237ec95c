// Which fields a reader gets: the concise selection or everything (design §5.1).

import type { JsonObject } from "../base/json.ts";
import type { ConsultAnswer } from "../tools/answer.ts";
import type { Detail } from "../tools/presentation.ts";
import type { HealthSnapshot, TelemetrySnapshot } from "../tools/snapshots.ts";

/** `isAttached`: the run was another request's, the same one asked before. */
export function projectAnswer(
  answer: ConsultAnswer,
  detail: Detail,
  isAttached = false,
): JsonObject {
  const attached = isAttached ? { attached: true } : {};
  if (detail === "full") return { ...answer, ...attached };
  return {
    ...attached,
    response: answer.response,
    consult_id: answer.consult_id,
    cwd: answer.cwd,
    model: answer.model,
    duration_ms: answer.duration_ms,
    num_turns: answer.num_turns,
    stop_reason: answer.stop_reason,
    session_id: answer.session_id,
    total_cost_usd: answer.total_cost_usd,
    permission_denial_count: answer.permission_denials.length,
    ...(answer.receipt?.billing.is_conflict === true
      ? { billing: answer.receipt.billing.note }
      : {}),
  };
}

export function projectHealth(
  health: HealthSnapshot,
  detail: Detail,
): JsonObject {
  if (detail === "full") return { ready: isReady(health), ...health };
  return {
    ready: isReady(health),
    worker_generation: health.generation,
    worker_alive: health.worker_alive,
    rollout_pending: health.rollout === "pending",
    launch_path_stable: health.launch_path_stable,
    running_consults: health.running.length - countQueued(health),
    queued_consults: countQueued(health),
    breaker: health.breaker,
    worker_ejected: health.worker_phase === "ejected",
    ...(health.sandbox.is_missing ? { sandbox_missing: true } : {}),
    ...(health.configuration_problem === null
      ? {}
      : { configuration_problem: health.configuration_problem }),
  };
}

/** Able to take a consult: a worker that is not there yet is started for it. */
export function isReady(health: HealthSnapshot): boolean {
  return (
    health.state !== "recovering" &&
    health.worker_phase !== "ejected" &&
    health.breaker !== "open" &&
    !health.sandbox.is_missing &&
    health.configuration_problem === null
  );
}

export function countQueued({ running }: HealthSnapshot): number {
  return running.filter(({ queue_position }) => queue_position > 0).length;
}

const hottest = 6;

export function projectTelemetry(
  telemetry: TelemetrySnapshot,
  detail: Detail,
): JsonObject {
  if (detail === "full") return { ...telemetry };
  const { totals } = telemetry;
  return {
    requests: totals.request_count,
    successes: totals.success_count,
    response_errors: totals.response_error_count,
    transport_faults: totals.transport_fault_count,
    retries: totals.retry_count,
    worker_restarts: telemetry.restart_count,
    host_rollouts: telemetry.host_rollouts,
    hot_methods: telemetry.methods.slice(0, hottest).map((method) => ({
      method: method.method,
      requests: method.request_count,
      response_errors: method.response_error_count,
      transport_faults: method.transport_fault_count,
      retries: method.retry_count,
    })),
  };
}
