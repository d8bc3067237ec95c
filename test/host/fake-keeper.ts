// A keeper whose consults the test answers itself.

import type { ConsultCall, Keeper } from "../../src/host/keeper.ts";
import { firstGeneration } from "../../src/base/ids.ts";
import type { WireOutcome } from "../../src/wire/messages.ts";

export function fakeKeeper(
  answer: (call: ConsultCall) => Promise<WireOutcome> | WireOutcome,
): Keeper & {
  readonly calls: ConsultCall[];
  /** Consults whose answer has reached the client, and farewells. */
  readonly told: string[];
} {
  const calls: ConsultCall[] = [];
  const told: string[] = [];
  return {
    calls,
    told,
    consult: (call) => {
      calls.push(call);
      return Promise.resolve(answer(call));
    },
    generation: () => firstGeneration,
    isAlive: () => false,
    phase: () => "ready",
    reload: () => void told.push("reload"),
    suspend: () => {
      told.push("suspend");
      return Promise.resolve();
    },
    resume: () => void told.push("resume"),
    state: () => ({
      generation: firstGeneration,
      has_spawned: false,
      lifecycle: { kind: "absent", restarts: [], losses: 0 },
      undelivered: [],
    }),
    delivered: (consultId) => void told.push(`delivered ${consultId}`),
    end: (reason) => void told.push(`end ${reason}`),
  };
}

/** An answer as a worker gives it. */
export function workerAnswer(call: ConsultCall): WireOutcome {
  const result = workerResult(call.consultId, call.arguments["prompt"]);
  return { status: "success", result };
}

export function workerResult(consultId: string, prompt: unknown) {
  return {
    response: "42",
    consult_id: consultId,
    cwd: "/project",
    prompt,
    max_turns: null,
    model: "claude-opus",
    duration_ms: 1234,
    duration_api_ms: 1000,
    num_turns: 2,
    stop_reason: "end_turn",
    session_id: "11111111-2222-4333-8444-555555555555",
    total_cost_usd: 0.0125,
    usage: { input_tokens: 7 },
    model_usage: null,
    permission_denials: [],
    fast_mode_state: null,
    uuid: null,
  };
}
