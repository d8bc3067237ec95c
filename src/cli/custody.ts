// `phone-opus wait`, `cancel`, `ps` and `gc`: runs that go on by themselves.

import { defineCommand } from "citty";
import { consultIdSchema } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { attachToRun } from "../claude/attach.ts";
import { markerName } from "../claude/command.ts";
import type { ConsultPorts } from "../claude/ports.ts";
import { attach } from "../consult/accept.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import { grantTicket, requestCancel } from "../consult/custody.ts";
import type { Ledger } from "../consult/ledger.ts";
import { pruneHistory } from "../consult/retention.ts";
import { listRunning, type RunningConsult } from "../consult/running.ts";
import { type Spool, spoolAt } from "../consult/spool.ts";
import { oneLine } from "../render/one-line.ts";
import { formatDuration } from "../render/porcelain.ts";
import { faultText } from "../render/tool-result.ts";
import { listProcesses, sendSignal } from "../sys/processes.ts";
import type { Settings } from "../sys/settings.ts";
import {
  type AnswerOptions,
  awaitAnswer,
  parsePresentation,
} from "./answer.ts";
import { alignColumns, headOf } from "./columns.ts";
import { exitCodes } from "./exit-codes.ts";
import { parseConsultId } from "./history.ts";
import type { Report } from "./report.ts";
import { UsageError } from "./usage.ts";

const idArgument = {
  type: "positional",
  required: false,
  description: "The consult id (c_…)",
} as const;
const json = { type: "boolean", description: "Print JSON" } as const;
const quiet = {
  type: "boolean",
  description: "No remarks on standard error",
} as const;

export const waitDefinition = defineCommand({
  meta: {
    name: "phone-opus wait",
    description: "Wait for a consult and print its answer",
  },
  args: {
    id: idArgument,
    detail: {
      type: "string",
      valueHint: "concise|full",
      description: "full: print every recorded field above the answer",
    },
    json,
    quiet,
  },
});

export const cancelDefinition = defineCommand({
  meta: {
    name: "phone-opus cancel",
    description: "Stop a consult and every process it started",
  },
  args: { id: idArgument, quiet },
});

export const psDefinition = defineCommand({
  meta: {
    name: "phone-opus ps",
    description: "Show every consult that is not over, with its processes",
  },
  args: { json, quiet },
});

export const gcDefinition = defineCommand({
  meta: {
    name: "phone-opus gc",
    description: "End what nobody waits for, and remove what has expired",
  },
  args: { quiet },
});

export interface CustodyCommand extends AnswerOptions {
  readonly words: readonly string[];
  readonly settings: Settings;
  readonly withLedger: <T>(use: (ledger: Ledger) => T) => T;
}

export async function waitCommand(command: CustodyCommand): Promise<number> {
  const id = parseConsultId(onlyWord(command.words));
  const { ports, owner } = command;
  const presentation = parsePresentation(command.options);
  const spool = spoolAt(ports.acceptance.ledger.consultsDirectory, id);
  if (!spool.exists()) return unknown(command.report, id);
  const acceptance = { ...ports.acceptance, owner };
  // To stop waiting is not to stop the run: that is what cancel is for. Whoever knows
  // the id may come back, so the run needs nobody who waits.
  return awaitAnswer(
    command,
    presentation,
    attach(acceptance, id, spool, false),
    () => {
      grantTicket(spool.directory);
      return false;
    },
  );
}

export async function cancelCommand(command: CustodyCommand): Promise<number> {
  const id = parseConsultId(onlyWord(command.words));
  const { ports, report } = command;
  const spool = spoolAt(ports.acceptance.ledger.consultsDirectory, id);
  if (!spool.exists()) return unknown(report, id);
  if (spool.hasOutcome()) {
    report.info(`consult ${id} was over already`);
    return exitCodes.answer;
  }
  requestCancel(spool.directory, "The consult was cancelled on request.");
  const outcome = await conclude(ports, id);
  if (!isOver(spool, outcome, report)) return exitCodes.failed;
  report.info(
    outcome.status === "done"
      ? `consult ${id} was answered before it could be stopped`
      : `consult ${id} was stopped`,
  );
  return exitCodes.answer;
}

/** Says why where it is not: no runner could see to it. */
function isOver(spool: Spool, outcome: ConsultOutcome, report: Report) {
  if (outcome.status !== "failed" || !spool.exists() || spool.hasOutcome()) {
    return true;
  }
  report.error(faultText(outcome.fault));
  return false;
}

/** Starts a runner where there is none: it finds the wish and sees to the processes. */
async function conclude(
  ports: ConsultPorts,
  consultId: RunningConsult["consult_id"],
): Promise<ConsultOutcome> {
  const { consultsDirectory } = ports.acceptance.ledger;
  return attachToRun(ports, {
    consultId,
    spool: spoolAt(consultsDirectory, consultId),
    // The wish is written: the patience with a stuck runner begins.
    signal: AbortSignal.abort("The consult was cancelled."),
    onAbort: () => true,
    onProgress: () => {},
    onQueued: () => {},
  });
}

export async function psCommand(
  options: JsonObject,
  ports: ConsultPorts,
  report: Report,
): Promise<number> {
  const running = listRunning(ports.acceptance.ledger.consultsDirectory);
  if (options["json"] === true) {
    await report.answer(JSON.stringify({ running }));
    return exitCodes.answer;
  }
  if (running.length === 0) {
    report.info("nothing is running");
    return exitCodes.answer;
  }
  const nowMs = ports.clock.unixMs();
  const rows = running.map((consult) => [
    consult.consult_id,
    formatDuration(nowMs - consult.started_unix_ms),
    `runner=${consult.runner_pid ?? "none"}`,
    `claude=${consult.claude_pid ?? "none"}`,
    describeWaiting(consult),
    oneLine(consult.cwd),
    oneLine(headOf(consult.prompt, 60)),
  ]);
  await report.answer(alignColumns(rows));
  return exitCodes.answer;
}

function describeWaiting(consult: RunningConsult): string {
  if (consult.has_owner) return "awaited";
  return consult.has_ticket ? "ticket" : "orphaned";
}

export async function gcCommand(command: CustodyCommand): Promise<number> {
  const { ports, report, settings } = command;
  const { consultsDirectory } = ports.acceptance.ledger;
  const orphaned = listRunning(consultsDirectory).filter(
    ({ has_owner, has_ticket, runner_pid }) =>
      !has_owner && (!has_ticket || runner_pid === null),
  );
  const ends = await Promise.all(
    orphaned.map(async ({ consult_id }) => {
      const spool = spoolAt(consultsDirectory, consult_id);
      requestCancel(
        spool.directory,
        "Nobody waited for the consult, so gc ended it.",
      );
      return isOver(spool, await conclude(ports, consult_id), report);
    }),
  );
  const ended = ends.filter((end) => end).length;
  const strays = killStrays(consultsDirectory);
  const removed = command.withLedger((ledger) =>
    pruneHistory(
      consultsDirectory,
      ledger,
      { maxAgeMs: settings.historyMs, maxBytes: settings.historyBytes },
      ports.clock.unixMs(),
    ),
  );
  report.info(
    `${ended} runs ended, ${strays} stray processes killed, ${removed.length} consults removed`,
  );
  return ended === ends.length ? exitCodes.answer : exitCodes.failed;
}

/** Processes of runs that are over. Runs of other state directories are not ours. */
function killStrays(consultsDirectory: string): number {
  const prefix = `${markerName}=`;
  return listProcesses().filter((entry) => {
    const marker = entry
      .environment()
      .split("\0")
      .find((variable) => variable.startsWith(prefix));
    const id = consultIdSchema.safeParse(marker?.slice(prefix.length));
    return (
      id.success &&
      entry.pid !== process.pid &&
      spoolAt(consultsDirectory, id.data).hasOutcome() &&
      sendSignal(entry.pid, "SIGKILL")
    );
  }).length;
}

function onlyWord(words: readonly string[]): string | undefined {
  if (words.length > 1) {
    throw new UsageError(`one consult id, not ${words.length} words`);
  }
  return words[0];
}

function unknown(report: Report, id: string): number {
  report.error(`there is no consult ${id}: see phone-opus history`);
  return exitCodes.failed;
}
