// From what a downstream replied to the answer that clients see, and the outcome
// as the spool keeps it. Knows no MCP and no Claude flags.

import { z } from "zod";
import { faultRecordSchema } from "../base/fault.ts";
import type { ConsultId } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { type ConsultAnswer, consultAnswerSchema } from "../tools/answer.ts";
import type { ConsultRequest } from "./request.ts";

/** What any downstream has to tell of a finished run. */
export interface DownstreamReply {
  readonly response: string;
  readonly durationMs: number;
  readonly durationApiMs: number | undefined;
  readonly turns: number;
  readonly stopReason: string | undefined;
  readonly sessionId: string | undefined;
  readonly totalCostUsd: number | undefined;
  readonly usage: JsonObject | undefined;
  readonly modelUsage: JsonObject | undefined;
  readonly model: string | undefined;
  readonly permissionDenials: readonly unknown[];
  readonly fastModeState: string | undefined;
  readonly uuid: string | undefined;
}

export function answerFrom(
  consultId: ConsultId,
  request: ConsultRequest,
  reply: DownstreamReply,
): ConsultAnswer {
  return {
    response: reply.response,
    consult_id: consultId,
    cwd: request.cwd,
    prompt: request.prompt,
    max_turns: request.max_turns ?? null,
    model: reply.model ?? null,
    duration_ms: reply.durationMs,
    duration_api_ms: reply.durationApiMs ?? null,
    num_turns: reply.turns,
    stop_reason: reply.stopReason ?? null,
    session_id: reply.sessionId ?? null,
    total_cost_usd: reply.totalCostUsd ?? null,
    usage: reply.usage ?? null,
    model_usage: reply.modelUsage ?? null,
    permission_denials: [...reply.permissionDenials],
    fast_mode_state: reply.fastModeState ?? null,
    uuid: reply.uuid ?? null,
  };
}

export const consultOutcomeSchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("done"), answer: consultAnswerSchema }),
  z.object({
    status: z.literal("failed"),
    fault: faultRecordSchema,
    /** What was answered all the same. */
    answer: consultAnswerSchema.optional(),
  }),
  z.object({ status: z.literal("cancelled"), fault: faultRecordSchema }),
]);
export type ConsultOutcome = z.infer<typeof consultOutcomeSchema>;
