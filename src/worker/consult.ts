// The operation `consult`: arguments to answer, with progress on the way.

import { failure, type Outcome, success } from "../base/outcome.ts";
import type { ConsultId } from "../base/ids.ts";
import { describeIssue, type JsonObject } from "../base/json.ts";
import { consultOperation } from "../claude/faults.ts";
import { type ClaudePorts, runConsult } from "../claude/run.ts";
import { describeProgress, reportProgress } from "../claude/progress.ts";
import { parseConsultRequest } from "../consult/request.ts";
import { type ConsultAnswer } from "../tools/answer.ts";
import { consultQuestionSchema } from "../tools/consult.ts";
import type { WireProgress } from "../wire/messages.ts";

export interface ConsultOperation {
  readonly consultId: ConsultId;
  readonly arguments: JsonObject;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WireProgress) => void;
}

export async function executeConsult(
  ports: ClaudePorts,
  baseDirectory: string,
  operation: ConsultOperation,
): Promise<Outcome<ConsultAnswer>> {
  const question = consultQuestionSchema.safeParse(operation.arguments);
  if (!question.success) return invalid(describeIssue(question.error));
  const parsed = await parseConsultRequest(question.data, baseDirectory);
  if (!parsed.ok) return invalid(parsed.problem);

  const reporter = reportProgress(ports.clock, (elapsedMs, progress) =>
    operation.onProgress({
      elapsed_ms: elapsedMs,
      message: describeProgress(progress),
    }),
  );
  try {
    const outcome = await runConsult(ports, {
      consultId: operation.consultId,
      request: parsed.request,
      signal: operation.signal,
      onProgress: (progress) => reporter.update(progress),
    });
    return outcome.status === "done"
      ? success(outcome.answer)
      : { ok: false, fault: outcome.fault };
  } finally {
    reporter.close();
  }
}

function invalid(detail: string): Outcome<ConsultAnswer> {
  return failure({
    code: "invalid_input",
    stage: "worker",
    operation: consultOperation,
    detail,
  });
}
