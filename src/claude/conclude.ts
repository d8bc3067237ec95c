// From a run that is over to its outcome: an answer, or a fault that explains.

import type { FaultRecord } from "../base/fault.ts";
import {
  answerFrom,
  type ConsultOutcome,
  type DownstreamReply,
} from "../consult/answer.ts";
import type { ConsultRequest } from "../consult/request.ts";
import type { Settings } from "../sys/settings.ts";
import type { ResultEvent } from "./events.ts";
import {
  type EndedRun,
  faultOfRun,
  faultOfStop,
  unavailable,
} from "./faults.ts";
import type { LimitReached } from "./limits.ts";
import { completeResponse, type Transcript } from "./transcript.ts";

/** What ended a run. */
export type Ending =
  | { readonly kind: "exited" }
  /** The result was there, but the process stayed. */
  | { readonly kind: "finished" }
  | { readonly kind: "limit"; readonly limit: LimitReached }
  | { readonly kind: "cancelled"; readonly why: string };

export interface Conclusion extends EndedRun {
  readonly ending: Ending;
  readonly request: ConsultRequest;
  readonly settings: Settings;
}

export function conclude(run: Conclusion): ConsultOutcome {
  const { ending, transcript, consultId, request, settings } = run;
  const result = transcript.result();
  const isAnswered = result?.is_error === false && result.subtype === "success";
  // An answer that came while we were stopping is an answer: it was paid for.
  if (ending.kind === "cancelled" && !isAnswered) {
    return {
      status: "cancelled",
      fault: faultOfStop({ code: "cancelled", detail: ending.why }, run),
    };
  }
  if (ending.kind === "limit" && !isAnswered) {
    const detail = describeLimit(ending.limit, request, settings);
    return failed(faultOfStop({ code: "timeout", detail }, run));
  }
  const isExitUnknown =
    run.exit.code === undefined && run.exit.signal === undefined;
  if (result === undefined && isExitUnknown) {
    const detail =
      "Claude Code ended without a result while nobody watched, so what became of this consult is unknown: resume its session to go on, or ask again.";
    return failed(faultOfStop({ code: "outcome_unknown", detail }, run));
  }
  const fault = faultOfRun(run);
  if (fault !== undefined || result === undefined) {
    return failed(
      fault ?? unavailable("bad_output", "Claude Code ended without a result."),
    );
  }
  return {
    status: "done",
    answer: answerFrom(consultId, request, replyFrom(result, transcript)),
  };
}

function describeLimit(
  limit: LimitReached,
  request: ConsultRequest,
  settings: Settings,
): string {
  switch (limit) {
    case "time": {
      const seconds = request.timeout_s ?? settings.timeoutMs / 1000;
      return `Claude Code did not finish within ${seconds} s and was stopped: raise timeout_s, ask a narrower question, or resume the session to go on.`;
    }
    case "idle":
      return `Claude Code gave no sign of life for ${settings.idleTimeoutMs / 1000} s and was stopped: resume the session to go on, or ask again.`;
    case "output":
      return `Claude Code wrote more than ${settings.maxOutputBytes} bytes and was stopped: ask a narrower question, or raise PHONE_OPUS_MAX_OUTPUT_BYTES.`;
  }
}

function replyFrom(
  result: ResultEvent,
  transcript: Transcript,
): DownstreamReply {
  return {
    response: completeResponse(result, transcript.text()),
    durationMs: result.duration_ms ?? 0,
    durationApiMs: result.duration_api_ms,
    turns: result.num_turns ?? transcript.progress().turns,
    stopReason: result.stop_reason ?? undefined,
    sessionId: transcript.progress().sessionId,
    totalCostUsd: costOfRun(result),
    usage: result.usage ?? undefined,
    modelUsage: result.modelUsage ?? undefined,
    model:
      Object.keys(result.modelUsage ?? {})[0] ?? transcript.progress().model,
    permissionDenials: result.permission_denials ?? [],
    fastModeState: result.fast_mode_state ?? undefined,
    uuid: result.uuid,
  };
}

/** What this run cost; `total_cost_usd` also counts what a resumed session cost. */
function costOfRun(result: ResultEvent): number | undefined {
  const costs = Object.values(result.model_usage_since_last_result ?? {}).map(
    ({ costUSD }) => costUSD ?? 0,
  );
  return costs.length === 0
    ? result.total_cost_usd
    : costs.reduce((sum, cost) => sum + cost, 0);
}

function failed(fault: FaultRecord): ConsultOutcome {
  return { status: "failed", fault };
}
