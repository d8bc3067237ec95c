// The operations `consult` and `attach`: from arguments or an id to the outcome of a
// run that a runner drives, with progress on the way. Asked again with the same id,
// they find what the first asking began.

import { faultRecord, type FaultRecord } from "../base/fault.ts";
import type { ConsultId, ProcessIdentity } from "../base/ids.ts";
import { describeError, describeIssue, type JsonObject } from "../base/json.ts";
import { type Outcome, success } from "../base/outcome.ts";
import { attachToRun } from "../claude/attach.ts";
import { consultOperation } from "../claude/faults.ts";
import type { ConsultPorts } from "../claude/ports.ts";
import { reportProgress } from "../claude/progress.ts";
import { refusal } from "../claude/start.ts";
import {
  type Accepted,
  acceptConsult,
  type AcceptOptions,
  attach,
} from "../consult/accept.ts";
import { releaseRun } from "../consult/custody.ts";
import {
  type ConsultRequest,
  parseConsultRequest,
} from "../consult/request.ts";
import { spoolAt } from "../consult/spool.ts";
import type { ConsultAnswer } from "../tools/answer.ts";
import { consultCallSchema } from "../tools/consult.ts";
import type { WireProgress } from "../wire/messages.ts";

export interface ConsultOperation {
  readonly kind: "consult" | "attach";
  readonly consultId: ConsultId;
  readonly arguments: JsonObject;
  readonly owner: ProcessIdentity;
  readonly signal: AbortSignal;
  readonly onAccepted: (accepted: Accepted) => void;
  readonly onProgress: (progress: WireProgress) => void;
  /** True when no other operation of this worker waits for the same run. */
  readonly isLastWaiting: (consultId: ConsultId) => boolean;
}

export async function executeConsult(
  ports: ConsultPorts,
  operation: ConsultOperation,
): Promise<Outcome<ConsultAnswer>> {
  const taken = await takeIn(ports, operation);
  if (!taken.ok) return taken;
  const { consultId, spool } = taken.value;
  operation.onAccepted(taken.value);

  const { signal } = operation;
  const reporter = reportProgress(ports.clock, (elapsedMs, message, place) =>
    operation.onProgress({
      elapsed_ms: elapsedMs,
      message,
      queue_position: place,
    }),
  );
  try {
    const outcome = await attachToRun(ports, {
      consultId,
      spool,
      signal,
      onAbort: () =>
        operation.isLastWaiting(consultId) &&
        releaseRun(spool.directory, operation.owner, String(signal.reason)),
      onProgress: (progress) => reporter.update(progress),
      onQueued: (position) => reporter.queued(position),
    });
    return outcome.status === "done"
      ? success(outcome.answer)
      : { ok: false, fault: outcome.fault };
  } finally {
    reporter.close();
  }
}

async function takeIn(
  ports: ConsultPorts,
  operation: ConsultOperation,
): Promise<Outcome<Accepted>> {
  const acceptance = { ...ports.acceptance, owner: operation.owner };
  const { consultId } = operation;
  const { consultsDirectory } = acceptance.ledger;
  const spool = spoolAt(consultsDirectory, consultId);
  if (operation.kind === "attach") {
    if (!spool.exists()) {
      return invalid(
        `There is no consult ${consultId}: see consult_list for those that are kept.`,
      );
    }
    try {
      return success(attach(acceptance, consultId, spool, true));
    } catch (error) {
      return notOwned(spool.directory, error);
    }
  }
  // Asked again: what was right then need not be so now, and there is nothing to wait
  // for. Whoever has the answer first may have it forgotten.
  const earlier = spool.exists() ? spool.readRequest() : undefined;
  if (earlier !== undefined) return accept(acceptance, consultId, earlier);
  const call = consultCallSchema.safeParse(operation.arguments);
  if (!call.success) return invalid(describeIssue(call.error));
  const { fresh, ...question } = call.data;
  const parsed = await parseConsultRequest(question, ports.rules);
  if (!parsed.ok) return invalid(parsed.problem);
  return accept(acceptance, consultId, parsed.request, fresh);
}

function accept(
  acceptance: AcceptOptions,
  consultId: ConsultId,
  request: ConsultRequest,
  isFresh = false,
): Outcome<Accepted> {
  try {
    return success(acceptConsult(acceptance, consultId, request, isFresh));
  } catch (error) {
    const { consultsDirectory } = acceptance.ledger;
    return { ok: false, fault: refusal(consultsDirectory, error) };
  }
}

function notOwned(
  directory: string,
  error: unknown,
): { ok: false; fault: FaultRecord } {
  const fault = faultRecord({
    code: "process_failure",
    stage: "worker",
    operation: consultOperation,
    detail: `It cannot be noted in ${directory} that somebody waits for this consult (${describeError(error)}): free the disk or correct its permissions, and ask again.`,
  });
  return { ok: false, fault };
}

function invalid(detail: string): { ok: false; fault: FaultRecord } {
  const fault = faultRecord({
    code: "invalid_input",
    stage: "worker",
    operation: consultOperation,
    detail,
  });
  return { ok: false, fault };
}
