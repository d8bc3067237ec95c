// One row of the ledger, and how it is made from what a spool holds.

import { createHash } from "node:crypto";
import { z } from "zod";
import type { FaultRecord } from "../base/fault.ts";
import { type ConsultId, consultIdSchema } from "../base/ids.ts";
import type { ConsultAnswer } from "../tools/answer.ts";
import type { ConsultOutcome } from "./answer.ts";
import type { ConsultRequest } from "./request.ts";

export const consultStatusSchema = z.enum([
  "queued",
  "running",
  "done",
  "failed",
  "cancelled",
  "lost",
]);
export type ConsultStatus = z.infer<typeof consultStatusSchema>;

export const consultRecordSchema = z.object({
  consult_id: consultIdSchema,
  /** The consult whose session this one resumed. */
  parent_id: z.string().nullable(),
  status: consultStatusSchema,
  cwd: z.string(),
  prompt: z.string(),
  /** Tells the same request asked again; see digestRequest. */
  request_digest: z.string(),
  model: z.string().nullable(),
  session_id: z.string().nullable(),
  /** The host or command that waits for it. */
  owner_pid: z.int().nullable(),
  owner_start_time: z.string().nullable(),
  /** Claude's process and group. */
  pid: z.int().nullable(),
  process_start_time: z.string().nullable(),
  created_unix_ms: z.int(),
  started_unix_ms: z.int().nullable(),
  ended_unix_ms: z.int().nullable(),
  deadline_unix_ms: z.int().nullable(),
  duration_ms: z.number().nullable(),
  total_cost_usd: z.number().nullable(),
  num_turns: z.int().nullable(),
  /** A FaultRecord as JSON. */
  fault: z.string().nullable(),
  /** 1 when its answer reached the client. */
  delivered: z.int(),
});
export type ConsultRecord = z.infer<typeof consultRecordSchema>;

/** The same for the same prompt, directory and options, and only for these. */
export function digestRequest(request: ConsultRequest): string {
  const fields = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}

export function queuedRecord(
  id: ConsultId,
  request: ConsultRequest,
  createdUnixMs: number,
): ConsultRecord {
  return {
    consult_id: id,
    parent_id: request.resume ?? null,
    status: "queued",
    cwd: request.cwd,
    prompt: request.prompt,
    request_digest: digestRequest(request),
    model: request.model ?? null,
    session_id: null,
    owner_pid: null,
    owner_start_time: null,
    pid: null,
    process_start_time: null,
    created_unix_ms: createdUnixMs,
    started_unix_ms: null,
    ended_unix_ms: null,
    deadline_unix_ms: null,
    duration_ms: null,
    total_cost_usd: null,
    num_turns: null,
    fault: null,
    delivered: 0,
  };
}

/** What the end of a run changes in its row. */
export function outcomeFields(
  outcome: ConsultOutcome,
  endedUnixMs: number,
): Partial<ConsultRecord> {
  const answered =
    outcome.status === "cancelled" || outcome.answer === undefined
      ? {}
      : answerFields(outcome.answer);
  if (outcome.status === "done") {
    return { status: "done", ended_unix_ms: endedUnixMs, ...answered };
  }
  return {
    ...answered,
    status: outcome.status,
    ended_unix_ms: endedUnixMs,
    session_id: outcome.fault.session_id ?? null,
    fault: JSON.stringify(outcome.fault satisfies FaultRecord),
  };
}

function answerFields(answer: ConsultAnswer): Partial<ConsultRecord> {
  return {
    model: answer.model,
    session_id: answer.session_id,
    duration_ms: answer.duration_ms,
    total_cost_usd: answer.total_cost_usd,
    num_turns: answer.num_turns,
  };
}

/** UUIDv7: the first 48 bits are the milliseconds since 1970. */
export function createdUnixMsOf(id: ConsultId): number {
  return Number.parseInt(id.slice(2, 14), 16);
}
