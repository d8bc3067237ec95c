// The one mint of faults: typed operational failures that travel unchanged from
// where they happen to the client, the spool and the telemetry. A fault is a
// value; only broken invariants are thrown.

import { z } from "zod";
import { receiptSchema } from "./receipt.ts";
import {
  consultIdSchema,
  firstGeneration,
  type Generation,
  generationSchema,
} from "./ids.ts";

const classSchema = z.enum([
  "transport",
  "process",
  "protocol",
  "timeout",
  "downstream",
  "resource",
  "replay",
  "rollout",
  "ambiguous_outcome",
  "invariant",
]);
export type FaultClass = z.infer<typeof classSchema>;

const stageSchema = z.enum([
  "host",
  "worker",
  "claude",
  "transport",
  "protocol",
  "rollout",
]);
export type FaultStage = z.infer<typeof stageSchema>;

/** What the caller may do about it; `retryable` follows from this. */
const directiveSchema = z.enum([
  "abort_request",
  "restart_and_replay",
  "retry_later",
]);
export type RecoveryDirective = z.infer<typeof directiveSchema>;

const codeSchema = z.enum([
  "invalid_input",
  "not_initialized",
  "transport_failure",
  "process_failure",
  "downstream_failure",
  "timeout",
  "cancelled",
  "queue_full",
  "breaker_open",
  "budget_exhausted",
  "rollout_failure",
  "outcome_unknown",
  "tree_changed",
  "internal_failure",
]);
export type FaultCode = z.infer<typeof codeSchema>;

/** Why Claude Code did not answer. Each has its next step in claude/faults.ts. */
export const downstreamReasonSchema = z.enum([
  "not_installed",
  "too_old",
  "not_logged_in",
  "auth",
  "billing",
  "rate_limit",
  "overloaded",
  "api_error",
  "prompt_too_long",
  "refused",
  "max_turns",
  "budget",
  "model_unknown",
  "session_unknown",
  "sandbox",
  "bad_output",
  "killed",
  "failed",
]);
export type DownstreamReason = z.infer<typeof downstreamReasonSchema>;

export const faultSchema = z.object({
  generation: generationSchema,
  class: classSchema,
  code: codeSchema,
  directive: directiveSchema,
  detail: z.string(),
  reason: downstreamReasonSchema.optional(),
});
export type Fault = z.infer<typeof faultSchema>;

/**
 * A fault with its circumstances, as clients get it. `jsonrpc_code` is what a
 * protocol error would carry; `consult_id` and `session_id` (Claude's own) name
 * what can be looked up or resumed, `retry_at_unix_ms` when it is worth trying
 * again, `partial_response` what had been written of an answer by then (all of it
 * where files changed meanwhile), `receipt` what the run was held to.
 */
export const faultRecordSchema = z.object({
  fault: faultSchema,
  stage: stageSchema,
  operation: z.string(),
  jsonrpc_code: z.int(),
  retryable: z.boolean(),
  retried: z.boolean(),
  consult_id: consultIdSchema.optional(),
  session_id: z.string().optional(),
  retry_at_unix_ms: z.int().optional(),
  partial_response: z.string().optional(),
  receipt: receiptSchema.optional(),
});
export type FaultRecord = z.infer<typeof faultRecordSchema>;

interface CodeTraits {
  readonly class: FaultClass;
  readonly jsonrpcCode: number;
  readonly directive: RecoveryDirective;
}

/** The table of design §5.2. */
const traits: Readonly<Record<FaultCode, CodeTraits>> = {
  invalid_input: {
    class: "protocol",
    jsonrpcCode: -32602,
    directive: "abort_request",
  },
  not_initialized: {
    class: "protocol",
    jsonrpcCode: -32002,
    directive: "abort_request",
  },
  transport_failure: {
    class: "transport",
    jsonrpcCode: -32603,
    directive: "restart_and_replay",
  },
  process_failure: {
    class: "process",
    jsonrpcCode: -32603,
    directive: "restart_and_replay",
  },
  downstream_failure: {
    class: "downstream",
    jsonrpcCode: -32603,
    directive: "abort_request",
  },
  timeout: {
    class: "timeout",
    jsonrpcCode: -32603,
    directive: "abort_request",
  },
  cancelled: {
    class: "resource",
    jsonrpcCode: -32603,
    directive: "abort_request",
  },
  queue_full: {
    class: "resource",
    jsonrpcCode: -32603,
    directive: "retry_later",
  },
  breaker_open: {
    class: "resource",
    jsonrpcCode: -32603,
    directive: "retry_later",
  },
  budget_exhausted: {
    class: "resource",
    jsonrpcCode: -32603,
    directive: "retry_later",
  },
  rollout_failure: {
    class: "rollout",
    jsonrpcCode: -32603,
    directive: "restart_and_replay",
  },
  outcome_unknown: {
    class: "ambiguous_outcome",
    jsonrpcCode: -32603,
    directive: "abort_request",
  },
  // Files changed under the run and nobody can say by whom. The answer is whole.
  tree_changed: {
    class: "ambiguous_outcome",
    jsonrpcCode: -32603,
    directive: "abort_request",
  },
  internal_failure: {
    class: "invariant",
    jsonrpcCode: -32603,
    directive: "abort_request",
  },
};

export interface FaultParts {
  readonly code: FaultCode;
  readonly stage: FaultStage;
  readonly operation: string;
  /** One plain sentence or two: what happened, to what, what to do next. */
  readonly detail: string;
  readonly generation?: Generation;
  readonly reason?: DownstreamReason;
  readonly retryAtUnixMs?: number;
}

export function faultRecord(parts: FaultParts): FaultRecord {
  const { class: faultClass, jsonrpcCode, directive } = traits[parts.code];
  return {
    fault: {
      generation: parts.generation ?? firstGeneration,
      class: faultClass,
      code: parts.code,
      directive,
      detail: parts.detail,
      ...(parts.reason === undefined ? {} : { reason: parts.reason }),
    },
    stage: parts.stage,
    operation: parts.operation,
    jsonrpc_code: jsonrpcCode,
    retryable: directive !== "abort_request",
    retried: false,
    ...(parts.retryAtUnixMs === undefined
      ? {}
      : { retry_at_unix_ms: parts.retryAtUnixMs }),
  };
}
