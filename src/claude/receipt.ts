// Ends a run with its receipt: what Claude was allowed, what it was refused, what held
// it, and whether the files are as they were. Files that changed where the kernel did
// not hold the run are a fault, since nobody can say who changed them; the answer comes
// along, it was paid for.

import { z } from "zod";
import { faultRecord } from "../base/fault.ts";
import { describeError } from "../base/json.ts";
import {
  isHeldByKernel,
  type Receipt,
  type TreeReceipt,
} from "../base/receipt.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import type { RunRecord, Spool } from "../consult/spool.ts";
import { billingOf } from "./billing.ts";
import { isRestricted } from "./command.ts";
import { inheritedEnvironment } from "./environment.ts";
import { consultOperation } from "./faults.ts";
import type { Downstream } from "./prepare.ts";
import type { Transcript } from "./transcript.ts";
import { isNoProject, lookAfter, type WatchedTree } from "./tree-watch.ts";
import type { Clock } from "../sys/clock.ts";

export interface CertifyPorts extends Downstream {
  readonly clock: Clock;
  readonly log?: (line: string) => void;
}

/** Whatever goes wrong here, the outcome stays: it was paid for. */
export async function certify(
  ports: CertifyPorts,
  spool: Spool,
  run: { readonly cwd: string; readonly transcript: Transcript },
  outcome: ConsultOutcome,
): Promise<ConsultOutcome> {
  try {
    const record = spool.readRun();
    if (record === undefined) return outcome;
    const watched = watchedTree(ports, run.cwd);
    const tree = await lookAfter(spool, watched);
    const receipt = makeReceipt(ports, record, run, tree);
    if (outcome.status !== "done") {
      return { ...outcome, fault: { ...outcome.fault, receipt } };
    }
    const answer = { ...outcome.answer, receipt };
    const isSuspicious =
      receipt.layers.tree === "changed" &&
      !isHeldByKernel(receipt) &&
      !isNoProject(watched) &&
      ports.settings.failsOnTreeChange;
    return isSuspicious && tree !== null
      ? treeChanged(answer, receipt, tree)
      : { status: "done", answer };
  } catch (error) {
    ports.log?.(
      `the consult in ${spool.directory} has no receipt: ${describeError(error)}`,
    );
    return outcome;
  }
}

export function watchedTree(ports: CertifyPorts, cwd: string): WatchedTree {
  const { home, environment, paths, clock } = ports;
  return { cwd, home, environment, clock, stateRoot: paths.root };
}

function makeReceipt(
  { environment, home, settings }: CertifyPorts,
  record: RunRecord,
  run: { readonly cwd: string; readonly transcript: Transcript },
  tree: TreeReceipt | null,
): Receipt {
  const init = run.transcript.init();
  const denials = run.transcript.result()?.permission_denials;
  return {
    claude_version: record.claude_version,
    flags: record.arguments,
    tools: init?.tools === undefined ? null : [...init.tools],
    denials: denials === undefined ? null : denials.map(describeDenial),
    layers: {
      switches: isRestricted(record.claude_version) ? "restricted" : "plain",
      git: record.git ?? "unknown",
      kernel: record.sandbox ?? null,
      tree: tree === null ? null : verdictOn(tree),
    },
    tree,
    billing: billingOf({
      environment: inheritedEnvironment(
        { environment, home, settings },
        run.cwd,
      ),
      home,
      apiKeySource: init?.apiKeySource,
    }),
  };
}

function verdictOn({ before, after, change_count }: TreeReceipt) {
  if (change_count > 0 || after === null) return "changed";
  return before.is_complete && after.is_complete
    ? "unchanged"
    : "partly unchanged";
}

const denialSchema = z.looseObject({
  tool_name: z.string(),
  tool_input: z.unknown(),
});
const longestDenial = 200;

function describeDenial(denial: unknown): string {
  const parsed = denialSchema.safeParse(denial);
  const text = parsed.success
    ? `${parsed.data.tool_name} ${JSON.stringify(parsed.data.tool_input)}`
    : JSON.stringify(denial);
  return text.length > longestDenial
    ? `${text.slice(0, longestDenial).toWellFormed()}…`
    : text;
}

const mostInSentence = 5;

function treeChanged(
  answer: Extract<ConsultOutcome, { status: "done" }>["answer"],
  receipt: Receipt,
  { changes, change_count }: TreeReceipt,
): ConsultOutcome {
  const named = changes
    .slice(0, mostInSentence)
    .map(({ path, change }) => `${JSON.stringify(path)} ${change}`);
  const rest = change_count - named.length;
  const list = [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
  const fault = faultRecord({
    code: "tree_changed",
    stage: "claude",
    operation: consultOperation,
    detail: `Files in ${answer.cwd} changed while Claude Code ran, and no kernel layer shows that it was not Claude Code (${list}): check them; the answer is whole and comes with this, and PHONE_OPUS_TREE_CHANGED=report lets such answers pass where others work on the files.`,
  });
  return {
    status: "failed",
    fault: {
      ...fault,
      consult_id: answer.consult_id,
      ...(answer.session_id === null ? {} : { session_id: answer.session_id }),
      partial_response: answer.response,
      receipt,
    },
    answer,
  };
}
