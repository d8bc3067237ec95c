// Which fields a reader gets: whole objects, so that none comes or goes unseen.

import { expect, test } from "bun:test";
import {
  isReady,
  projectAnswer,
  projectHealth,
  projectTelemetry,
} from "../../src/render/projection.ts";
import {
  bareAnswer,
  busyTelemetry,
  calmHealth,
  consultId,
  fullAnswer,
  quietTelemetry,
  timeoutFault,
  troubledHealth,
} from "./samples.ts";

test("a concise answer has the fields of design §5.1", () => {
  expect(projectAnswer(fullAnswer, "concise")).toEqual({
    response: "Because of X.\n",
    consult_id: consultId,
    cwd: "/home/ann/shop",
    model: "claude-opus-4-5",
    duration_ms: 61_234,
    num_turns: 3,
    stop_reason: "end_turn",
    session_id: "0198c0de-0000-7000-8000-00000000cafe",
    total_cost_usd: 0.1234567,
    permission_denial_count: 2,
  });
});

test("what is unknown is null there", () => {
  expect(projectAnswer(bareAnswer, "concise")).toEqual({
    response: "",
    consult_id: consultId,
    cwd: "/",
    model: null,
    duration_ms: 0,
    num_turns: 0,
    stop_reason: null,
    session_id: null,
    total_cost_usd: null,
    permission_denial_count: 0,
  });
});

test("a full answer is every recorded field, unchanged", () => {
  expect(projectAnswer(fullAnswer, "full")).toEqual({ ...fullAnswer });
  expect(Object.keys(projectAnswer(bareAnswer, "full"))).toEqual([
    "response",
    "consult_id",
    "cwd",
    "prompt",
    "max_turns",
    "model",
    "duration_ms",
    "duration_api_ms",
    "num_turns",
    "stop_reason",
    "session_id",
    "total_cost_usd",
    "usage",
    "model_usage",
    "permission_denials",
    "fast_mode_state",
    "uuid",
  ]);
});

test("concise health has the fields of design §5.1", () => {
  expect(projectHealth(calmHealth, "concise")).toEqual({
    ready: true,
    worker_generation: 1,
    worker_alive: false,
    rollout_pending: false,
    launch_path_stable: true,
    running_consults: 0,
    queued_consults: 0,
    breaker: "closed",
    worker_ejected: false,
  });
  expect(projectHealth(troubledHealth, "concise")).toEqual({
    ready: false,
    worker_generation: 4,
    worker_alive: true,
    rollout_pending: true,
    launch_path_stable: false,
    running_consults: 1,
    queued_consults: 1,
    breaker: "open",
    worker_ejected: false,
  });
});

test("full health is every field and whether it is ready", () => {
  expect(projectHealth(troubledHealth, "full")).toEqual({
    ready: false,
    version: "0.1.0",
    pid: 4242,
    state: "recovering",
    generation: 4,
    uptime_ms: 3_600_000,
    consecutive_failures: 2,
    restart_count: 3,
    rollout: "pending",
    rollout_reason: null,
    last_fault: timeoutFault.fault,
    worker_alive: true,
    configuration_problem: null,
    launch_path: "/usr/local/bin/phone-opus",
    launch_path_stable: false,
    worker_phase: "waiting",
    breaker: "open",
    oldest_run_ms: 1500,
    claude_version: "2.1.329",
    ledger_bytes: 24_576,
    sandbox: {
      mode: "auto",
      kind: "landlock",
      detail: "Landlock ABI 7",
      is_missing: false,
    },
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
  });
});

test("a host that would refuse the next consult is not ready", () => {
  expect([
    isReady({ ...calmHealth, worker_phase: "ejected" }),
    isReady({ ...calmHealth, breaker: "open" }),
    isReady({ ...calmHealth, breaker: "half_open" }),
  ]).toEqual([false, false, true]);
});

test("a host is ready unless it has lost its worker", () => {
  expect(
    (["cold", "ready", "recovering"] as const).map((state) =>
      isReady({ ...calmHealth, state }),
    ),
  ).toEqual([true, true, false]);
});

test("concise telemetry is totals and the six hottest methods", () => {
  const row = (method: string) => ({
    method,
    requests: 1,
    response_errors: 0,
    transport_faults: 0,
    retries: 0,
  });
  expect(projectTelemetry(busyTelemetry, "concise")).toEqual({
    requests: 16,
    successes: 12,
    response_errors: 3,
    transport_faults: 1,
    retries: 2,
    worker_restarts: 1,
    host_rollouts: 0,
    hot_methods: [
      {
        method: "tools/call:consult",
        requests: 9,
        response_errors: 3,
        transport_faults: 1,
        retries: 2,
      },
      ...["b", "c", "d", "e", "f"].map(row),
    ],
  });
});

test("full telemetry is the snapshot itself", () => {
  expect(projectTelemetry(busyTelemetry, "full")).toEqual({ ...busyTelemetry });
  expect(projectTelemetry(quietTelemetry, "full")).toEqual({
    ...quietTelemetry,
  });
});
