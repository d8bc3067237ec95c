// What the tests of this folder render: an answer with everything, one with nothing
// that may be absent, and the snapshots of a busy host.

import { faultRecord } from "../../src/base/fault.ts";
import { consultIdSchema } from "../../src/base/ids.ts";
import type { ConsultAnswer } from "../../src/tools/answer.ts";
import type {
  HealthSnapshot,
  MethodTelemetry,
  TelemetrySnapshot,
} from "../../src/tools/snapshots.ts";

export const consultId = consultIdSchema.parse(`c_${"0a".repeat(16)}`);

export const fullAnswer: ConsultAnswer = {
  response: "Because of X.\n",
  consult_id: consultId,
  cwd: "/home/ann/shop",
  prompt: 'Why does "x" fail?\nSee main.ts',
  max_turns: 12,
  model: "claude-opus-4-5",
  duration_ms: 61_234,
  duration_api_ms: 999.4,
  num_turns: 3,
  stop_reason: "end_turn",
  session_id: "0198c0de-0000-7000-8000-00000000cafe",
  total_cost_usd: 0.1234567,
  usage: {
    output_tokens: 50,
    input_tokens: 1200,
    service_tier: "standard",
    inference_geo: "",
    cache_creation: { ephemeral_5m_input_tokens: 5 },
    iterations: [],
    speed: null,
  },
  model_usage: {
    "claude-opus-4-5": { inputTokens: 1200, costUSD: 0.12 },
    "claude-haiku-4-5": { inputTokens: 10, costUSD: 0 },
  },
  permission_denials: [
    { tool_name: "Write", tool_input: { file_path: "/etc/x\ny" } },
    "Bash",
  ],
  fast_mode_state: "off",
  uuid: "5b1f",
};

export const bareAnswer: ConsultAnswer = {
  response: "",
  consult_id: consultId,
  cwd: "/",
  prompt: "?",
  max_turns: null,
  model: null,
  duration_ms: 0,
  duration_api_ms: null,
  num_turns: 0,
  stop_reason: null,
  session_id: null,
  total_cost_usd: null,
  usage: null,
  model_usage: null,
  permission_denials: [],
  fast_mode_state: null,
  uuid: null,
};

export const timeoutFault = faultRecord({
  code: "timeout",
  stage: "claude",
  operation: "tools/call:consult",
  detail: "No answer in 30 minutes: ask for less.",
});

export const calmHealth: HealthSnapshot = {
  version: "0.1.0",
  pid: 4242,
  state: "cold",
  generation: 1,
  uptime_ms: 999,
  consecutive_failures: 0,
  restart_count: 0,
  rollout: "stable",
  rollout_reason: null,
  last_fault: null,
  worker_alive: false,
  worker_phase: "absent",
  breaker: "closed",
  oldest_run_ms: 0,
  claude_version: null,
  ledger_bytes: 24_576,
  sandbox: {
    mode: "auto",
    kind: "landlock",
    detail: "Landlock ABI 7",
    is_missing: false,
  },
  configuration_problem: null,
  launch_path: "/usr/local/bin/phone-opus",
  launch_path_stable: true,
  running: [],
};

export const troubledHealth: HealthSnapshot = {
  ...calmHealth,
  state: "recovering",
  worker_phase: "waiting",
  breaker: "open",
  oldest_run_ms: 1500,
  claude_version: "2.1.329",
  generation: 4,
  uptime_ms: 3_600_000,
  consecutive_failures: 2,
  restart_count: 3,
  rollout: "pending",
  last_fault: timeoutFault.fault,
  worker_alive: true,
  launch_path_stable: false,
  running: [
    {
      consult_id: consultId,
      running_ms: 1500,
      progress: "turn 1: writing",
      queue_position: 0,
    },
    {
      consult_id: "c_2",
      running_ms: 20,
      progress: "queued at place 1",
      queue_position: 1,
    },
  ],
};

const method = (
  name: string,
  changes: Partial<MethodTelemetry> = {},
): MethodTelemetry => ({
  method: name,
  request_count: 1,
  success_count: 1,
  response_error_count: 0,
  transport_fault_count: 0,
  retry_count: 0,
  last_latency_ms: 5,
  max_latency_ms: 5,
  avg_latency_ms: 5,
  last_error: null,
  ...changes,
});

export const busyTelemetry: TelemetrySnapshot = {
  uptime_ms: 3_600_000,
  state: "ready",
  generation: 2,
  consecutive_failures: 0,
  restart_count: 1,
  host_rollouts: 0,
  totals: {
    request_count: 16,
    success_count: 12,
    response_error_count: 3,
    transport_fault_count: 1,
    retry_count: 2,
  },
  methods: [
    method("tools/call:consult", {
      request_count: 9,
      success_count: 5,
      response_error_count: 3,
      transport_fault_count: 1,
      retry_count: 2,
      max_latency_ms: 61_234,
      avg_latency_ms: 1000,
      last_error: "Not logged in.\nRun claude.",
    }),
    ...["b", "c", "d", "e", "f", "g"].map((name) => method(name)),
  ],
  last_fault: null,
};

export const quietTelemetry: TelemetrySnapshot = {
  uptime_ms: 1,
  state: "cold",
  generation: 1,
  consecutive_failures: 0,
  restart_count: 0,
  host_rollouts: 0,
  totals: {
    request_count: 0,
    success_count: 0,
    response_error_count: 0,
    transport_fault_count: 0,
    retry_count: 0,
  },
  methods: [],
  last_fault: null,
};
