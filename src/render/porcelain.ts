// The text form, made for a model to read: one status line, then what else matters
// line by line, the answer itself last and untouched.

import type { JsonObject } from "../base/json.ts";
import type { ConsultAnswer } from "../tools/answer.ts";
import type { Detail } from "../tools/presentation.ts";
import type { HealthSnapshot, TelemetrySnapshot } from "../tools/snapshots.ts";
import { countQueued, isReady } from "./projection.ts";
import { inline, oneLine } from "./one-line.ts";
import { receiptLines } from "./receipt.ts";

/** `isAttached`: the run was another request's, the same one asked before. */
export function answerText(
  answer: ConsultAnswer,
  detail: Detail,
  isAttached = false,
): string {
  const head = detail === "full" ? fullHead(answer) : conciseHead(answer);
  return [
    ...head,
    ...(isAttached
      ? [`attached: to ${answer.consult_id}, the same request asked before`]
      : []),
    "response:",
    answer.response,
  ].join("\n");
}

function conciseHead(answer: ConsultAnswer): string[] {
  const status = [
    "consult ok",
    `turns=${answer.num_turns}`,
    `duration=${formatDuration(answer.duration_ms)}`,
    ...field("model=", answer.model),
    ...field("stop=", answer.stop_reason),
    ...field("cost=$", formatCost(answer.total_cost_usd)),
  ];
  const denials = answer.permission_denials.length;
  return [
    status.join(" "),
    `cwd: ${oneLine(answer.cwd)}`,
    ...field("session: ", answer.session_id),
    ...(denials === 0 ? [] : [`permission_denials: ${denials}`]),
    ...field("billing: ", answer.receipt?.billing.note ?? null),
  ];
}

function fullHead(answer: ConsultAnswer): string[] {
  return [
    `consult ok turns=${answer.num_turns}`,
    `consult: ${answer.consult_id}`,
    `cwd: ${oneLine(answer.cwd)}`,
    `prompt: ${inline(answer.prompt)}`,
    ...field("max_turns: ", answer.max_turns),
    `duration: ${formatDuration(answer.duration_ms)}`,
    ...(answer.duration_api_ms === null
      ? []
      : [`api_duration: ${formatDuration(answer.duration_api_ms)}`]),
    ...field("model: ", answer.model),
    ...field("stop: ", answer.stop_reason),
    ...field("session: ", answer.session_id),
    ...field("cost_usd: ", formatCost(answer.total_cost_usd)),
    `permission_denials: ${answer.permission_denials.length}`,
    ...answer.permission_denials.map((denial) => `denied: ${inline(denial)}`),
    ...field("fast_mode: ", answer.fast_mode_state),
    ...field("uuid: ", answer.uuid),
    ...field("usage: ", formatUsage(answer.usage)),
    ...Object.entries(answer.model_usage ?? {}).map(
      ([model, usage]) => `model_usage: ${model} ${inline(usage)}`,
    ),
    ...(answer.receipt === undefined ? [] : receiptLines(answer.receipt)),
  ];
}

function field(label: string, value: string | number | null): string[] {
  return value === null ? [] : [`${label}${value}`];
}

/** `NNNms` under a second, else `N.NNNs`. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  return whole < 1000 ? `${whole}ms` : `${(whole / 1000).toFixed(3)}s`;
}

export function formatCost(usd: number | null): string | null {
  return usd === null ? null : usd.toFixed(6);
}

/** Numbers and texts as sorted `key=value`; nested parts are left to the JSON form. */
function formatUsage(usage: JsonObject | null): string | null {
  const pairs = Object.entries(usage ?? {})
    .filter(
      ([, value]) =>
        typeof value === "number" ||
        (typeof value === "string" && value !== ""),
    )
    .map(([key, value]) => `${key}=${String(value)}`)
    .toSorted();
  return pairs.length === 0 ? null : pairs.join(" ");
}

export function healthText(health: HealthSnapshot, detail: Detail): string {
  const queued = countQueued(health);
  const line = [
    isReady(health) ? "ready" : "not-ready",
    `gen=${health.generation}`,
    ...field("last_fault=", health.last_fault?.code ?? null),
    `worker=${health.worker_alive ? "alive" : "dead"}`,
    ...(health.rollout === "stable" ? [] : [`rollout=${health.rollout}`]),
    ...(health.launch_path_stable ? [] : ["launch_path=unstable"]),
    ...(health.running.length === 0
      ? []
      : [`running=${health.running.length - queued}`]),
    ...(queued === 0 ? [] : [`queued=${queued}`]),
    ...(health.breaker === "closed" ? [] : [`breaker=${health.breaker}`]),
    ...(health.worker_phase === "ejected" ? ["ejected"] : []),
    ...(health.sandbox.is_missing ? ["sandbox=missing"] : []),
    ...(health.configuration_problem === null ? [] : ["misconfigured"]),
  ].join(" ");
  if (detail === "concise") return line;
  return [
    line,
    `version: ${health.version}`,
    `pid: ${health.pid}`,
    `state: ${health.state}`,
    `uptime: ${formatDuration(health.uptime_ms)}`,
    `consecutive_failures: ${health.consecutive_failures}`,
    `restarts: ${health.restart_count}`,
    `worker: ${health.worker_phase}`,
    `breaker: ${health.breaker}`,
    `rollout: ${health.rollout}`,
    ...field("rollout_reason: ", health.rollout_reason),
    ...field("claude_version: ", health.claude_version),
    `ledger_bytes: ${health.ledger_bytes}`,
    ...(health.running.length === 0
      ? []
      : [`oldest_run: ${formatDuration(health.oldest_run_ms)}`]),
    `launch_path: ${health.launch_path}`,
    `sandbox: ${health.sandbox.mode}, ${health.sandbox.kind}: ${health.sandbox.detail}`,
    ...field("configuration: ", health.configuration_problem),
    ...field("last_fault: ", health.last_fault?.detail ?? null),
    ...health.running.map(
      (run) =>
        `running: ${run.consult_id} for ${formatDuration(run.running_ms)}, ${oneLine(run.progress)}`,
    ),
  ].join("\n");
}

const hottest = 6;

export function telemetryText(
  telemetry: TelemetrySnapshot,
  detail: Detail,
): string {
  const { totals } = telemetry;
  const methods =
    detail === "full" ? telemetry.methods : telemetry.methods.slice(0, hottest);
  return [
    `requests=${totals.request_count} success=${totals.success_count} response_error=${totals.response_error_count} transport_fault=${totals.transport_fault_count} retry=${totals.retry_count}`,
    `worker_restarts=${telemetry.restart_count} host_rollouts=${telemetry.host_rollouts}`,
    ...(methods.length === 0 ? [] : ["hot methods:"]),
    ...methods.map((method) =>
      [
        `${oneLine(method.method)} req=${method.request_count} err=${method.response_error_count} transport=${method.transport_fault_count} retry=${method.retry_count}`,
        ...(detail === "full"
          ? [
              `avg=${formatDuration(method.avg_latency_ms)} max=${formatDuration(method.max_latency_ms)}`,
            ]
          : []),
        ...(detail === "full" && method.last_error !== null
          ? [`last_error=${inline(method.last_error)}`]
          : []),
      ].join(" "),
    ),
  ].join("\n");
}
