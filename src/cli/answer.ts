// Waits for a run and prints how it ended: the answer alone on stdout, all else on
// stderr. Ctrl-C ends the run, unless somebody else waits for it too.

import { z } from "zod";
import type { ProcessIdentity } from "../base/ids.ts";
import { describeIssue, type JsonObject } from "../base/json.ts";
import type { Receipt } from "../base/receipt.ts";
import { attachToRun } from "../claude/attach.ts";
import type { ConsultPorts } from "../claude/ports.ts";
import { reportProgress } from "../claude/progress.ts";
import type { Accepted } from "../consult/accept.ts";
import { releaseRun } from "../consult/custody.ts";
import { concludeDelivery } from "../consult/deliver.ts";
import { answerText, formatCost, formatDuration } from "../render/porcelain.ts";
import { projectAnswer } from "../render/projection.ts";
import { faultText } from "../render/tool-result.ts";
import type { ConsultAnswer } from "../tools/answer.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import type { Report } from "./report.ts";
import { UsageError } from "./usage.ts";

export interface AnswerOptions {
  /** As citty parsed them. */
  readonly options: JsonObject;
  readonly ports: ConsultPorts;
  readonly owner: ProcessIdentity;
  readonly keepsHistory: boolean;
  readonly report: Report;
  readonly interrupt: AbortSignal;
}

const presentationSchema = z.object({
  detail: z.enum(["concise", "full"]).default("concise"),
  json: z.boolean().default(false),
});
type AnswerPresentation = z.infer<typeof presentationSchema>;

export function parsePresentation(options: JsonObject): AnswerPresentation {
  const presentation = presentationSchema.safeParse(options);
  if (presentation.success) return presentation.data;
  throw new UsageError(`--${describeIssue(presentation.error)}`);
}

/** Resolves with the exit code. */
export async function awaitAnswer(
  { ports, owner, keepsHistory, report, interrupt }: AnswerOptions,
  { json, detail }: AnswerPresentation,
  { consultId, spool, isAttached }: Accepted,
  onAbort = () =>
    releaseRun(
      spool.directory,
      owner,
      `${String(interrupt.reason)}; Claude Code was stopped.`,
    ),
): Promise<number> {
  if (isAttached) {
    report.info(
      `the same question was asked before: waiting for ${consultId} (--fresh asks again)`,
    );
  }
  const reporter = reportProgress(ports.clock, (elapsedMs, text) =>
    report.progress(`${Math.round(elapsedMs / 1000)} s, ${text}`),
  );
  const outcome = await attachToRun(ports, {
    consultId,
    spool,
    signal: interrupt,
    onAbort,
    onProgress: (progress) => reporter.update(progress),
    onQueued: (position) => reporter.queued(position),
  }).finally(() => reporter.close());
  const conclude = (isOut: boolean) => {
    // Without an outcome there was nothing to deliver: the run may go on.
    if (!isOut || !spool.hasOutcome()) return;
    concludeDelivery(ports.acceptance, consultId, { owner, keepsHistory });
  };

  if (interrupt.aborted && !spool.hasOutcome()) {
    report.error(
      `${String(interrupt.reason)}; the consult goes on: phone-opus wait ${consultId}`,
    );
    return exitCodes.interrupted;
  }
  if (outcome.status === "done") {
    const { answer } = outcome;
    const text = json
      ? JSON.stringify(projectAnswer(answer, detail))
      : detail === "full"
        ? answerText(answer, detail)
        : answer.response;
    conclude(await report.answer(text));
    warnOfBilling(answer.receipt, report);
    report.info(summary(answer));
    return exitCodes.answer;
  }
  const { fault } = outcome;
  const isWhole = fault.fault.code === "tree_changed";
  const text = json
    ? JSON.stringify(fault)
    : isWhole
      ? fault.partial_response
      : undefined;
  // What standard error is for needs no proof that it arrived.
  const isOut = text === undefined || (await report.answer(text));
  warnOfBilling(fault.receipt, report);
  report.error(faultText(fault));
  if (!isWhole && fault.partial_response !== undefined && !json) {
    report.info(`Written so far:\n${fault.partial_response}`);
  }
  conclude(isOut);
  return exitCodeOf(fault);
}

/** Also for who reads only the answer: the bill goes elsewhere than they think. */
function warnOfBilling(receipt: Receipt | undefined, report: Report): void {
  const note = receipt?.billing.note;
  if (note !== undefined && note !== null) report.info(`billing: ${note}`);
}

function summary(answer: ConsultAnswer): string {
  const cost = formatCost(answer.total_cost_usd);
  return [
    `${answer.num_turns} ${answer.num_turns === 1 ? "turn" : "turns"}`,
    formatDuration(answer.duration_ms),
    ...(cost === null ? [] : [`$${cost}`]),
    ...(answer.model === null ? [] : [answer.model]),
    ...(answer.permission_denials.length === 0
      ? []
      : [`${answer.permission_denials.length} denied`]),
    `resume with --resume ${answer.consult_id}`,
  ].join(", ");
}
