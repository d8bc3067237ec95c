// A capsule with something in each of its fields, made by this very process.

import { consultIdFromUuid, generationSchema } from "../../src/base/ids.ts";
import type { Capsule } from "../../src/host/capsule.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { initialize } from "./sessions.ts";

export const consultId = consultIdFromUuid(
  "0197a0b0-0000-7000-8000-000000000001",
);

export function ownIdentity() {
  const identity = identifyProcess(process.pid);
  if (identity === undefined) throw new Error("this process is not there");
  return identity;
}

const tally = {
  request_count: 3,
  success_count: 1,
  response_error_count: 1,
  transport_fault_count: 1,
  retry_count: 2,
};

export function sampleCapsule(changes: Partial<Capsule> = {}): Capsule {
  return {
    purpose: "handoff",
    version: "0.1.0",
    host: ownIdentity(),
    at: { unix_ms: 1_800_000_000_000, monotonic_ms: 12_345.5 },
    fingerprint: { size_bytes: "1", modified_unix_ns: "2", inode: "3" },
    session: {
      is_initialized: true,
      is_older_era: true,
      opening: [
        JSON.stringify(initialize),
        '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      ],
      pending: [
        {
          id: 5,
          operation: "tools/call:consult",
          startedMs: 12_000,
          frame:
            '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"consult","arguments":{"prompt":"Wíe?\\u2028"}}}',
        },
      ],
    },
    shown_tools: [{ name: "consult", inputSchema: { type: "object" } }],
    client_roots: ["/shop"],
    calls: [{ request_id: 5, consult_id: consultId, started_ms: 12_000 }],
    followed: [{ consult_id: consultId, started_ms: 11_000 }],
    telemetry: {
      started_ms: 1,
      totals: tally,
      methods: [
        [
          "tools/call:consult",
          {
            ...tally,
            total_latency_ms: 9,
            answered: 2,
            max_latency_ms: 5,
            last_latency_ms: 4,
            last_error: null,
          },
        ],
      ],
      state: "ready",
      generation: generationSchema.parse(4),
      restarts: 3,
      rollouts: 1,
      consecutive_failures: 0,
      last_fault: null,
    },
    keeper: {
      generation: generationSchema.parse(4),
      has_spawned: true,
      lifecycle: {
        kind: "ejected",
        restarts: [1, 2],
        losses: 3,
        untilMs: 99_000,
      },
      undelivered: [consultId],
    },
    circuit: { kind: "open", untilMs: 20_000, reason: "not logged in" },
    spent_hooks: ["force_rollout"],
    unread: Buffer.from('{"jsonrpc":"2.0","id":6,"met'),
    ...changes,
  };
}
