// `phone-opus history`: what was asked and answered.

import { defineCommand } from "citty";
import { type ConsultId, consultIdSchema } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { type Ledger, type LedgerOptions } from "../consult/ledger.ts";
import { listConsults } from "../consult/listing.ts";
import { pruneHistory } from "../consult/retention.ts";
import { exportSpool, spoolAt } from "../consult/spool.ts";
import { oneLine } from "../render/one-line.ts";
import { answerText, formatCost, formatDuration } from "../render/porcelain.ts";
import { projectAnswer } from "../render/projection.ts";
import { deniedLines, receiptLines } from "../render/receipt.ts";
import { faultText } from "../render/tool-result.ts";
import type { Clock } from "../sys/clock.ts";
import type { Settings } from "../sys/settings.ts";
import { alignColumns, formatTime, headOf } from "./columns.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Report } from "./report.ts";
import { UsageError } from "./usage.ts";

export const historyDefinition = defineCommand({
  meta: {
    name: "phone-opus history",
    description:
      "List consults, or: show ID, export ID, prune (see the examples)",
  },
  args: {
    action: {
      type: "positional",
      required: false,
      description: "show, export or prune; without it: list",
    },
    id: {
      type: "positional",
      required: false,
      description: "The consult id, for show and export",
    },
    limit: {
      type: "string",
      valueHint: "number",
      description: "Most consults to list (default 20)",
    },
    days: {
      type: "string",
      valueHint: "number",
      description: "prune: keep this many days (default: as configured)",
    },
    json: { type: "boolean", description: "Print JSON" },
    quiet: { type: "boolean", description: "No remarks on standard error" },
  },
});

export const historyExamples = [
  "phone-opus history",
  "phone-opus history show c_0192…",
  "phone-opus history export c_0192… > consult.json",
  "phone-opus history prune --days 7",
];

export interface HistoryCommand {
  readonly words: readonly string[];
  readonly options: JsonObject;
  readonly report: Report;
  readonly settings: Settings;
  readonly ledger: LedgerOptions;
  readonly withLedger: <T>(use: (ledger: Ledger) => T) => T;
  readonly clock: Clock;
}

export async function historyCommand(command: HistoryCommand): Promise<number> {
  const [action, id, ...surplus] = command.words;
  if (surplus.length > 0) {
    throw new UsageError(`history takes no ${JSON.stringify(surplus[0])}`);
  }
  refuseMisplaced(action, id, command.options);
  switch (action) {
    case undefined:
      return list(command);
    case "show":
      return show(command, parseConsultId(id));
    case "export":
      return exportOne(command, parseConsultId(id));
    case "prune":
      return prune(command);
    default:
      throw new UsageError(
        `history has no ${JSON.stringify(action)}: use show, export or prune`,
      );
  }
}

/** What would be ignored was meant for something. */
function refuseMisplaced(
  action: string | undefined,
  id: string | undefined,
  options: JsonObject,
): void {
  if (action === "prune" && id !== undefined) {
    throw new UsageError(
      `history prune takes no ${JSON.stringify(id)}: it goes by age, see --days`,
    );
  }
  if (action !== "prune" && options["days"] !== undefined) {
    throw new UsageError("--days is for history prune alone");
  }
  if (action !== undefined && options["limit"] !== undefined) {
    throw new UsageError(`--limit is for the list alone, not for ${action}`);
  }
}

export function parseConsultId(text: string | undefined): ConsultId {
  if (text === undefined) throw new UsageError("a consult id is missing");
  const id = consultIdSchema.safeParse(text);
  if (id.success) return id.data;
  throw new UsageError(
    `${JSON.stringify(text)} is no consult id (c_ and 32 hexadecimal digits): see phone-opus history`,
  );
}

function wholeNumber(value: unknown, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === "string" && /^\d{1,9}$/.test(value))
    return Number(value);
  throw new UsageError(`--${name}: expected a whole number`);
}

async function list(command: HistoryCommand): Promise<number> {
  const { options, report, ledger } = command;
  const limit = wholeNumber(options["limit"], "limit", 20);
  if (limit === 0) throw new UsageError("--limit: expected at least 1");
  const consults = command.withLedger((open) =>
    listConsults(open, {
      consultsDirectory: ledger.consultsDirectory,
      limit,
      isRunningOnly: false,
    }),
  );
  if (options["json"] === true) {
    await report.answer(JSON.stringify({ consults }));
    return exitCodes.answer;
  }
  if (consults.length === 0) {
    report.info("no consults are kept");
    return exitCodes.answer;
  }
  const rows = consults.map((consult) => [
    consult.consult_id,
    formatTime(consult.started_unix_ms),
    consult.status,
    consult.duration_ms === null ? "" : formatDuration(consult.duration_ms),
    consult.total_cost_usd === null
      ? ""
      : `$${formatCost(consult.total_cost_usd)}`,
    oneLine(consult.cwd),
    oneLine(headOf(consult.prompt_head, 60)),
  ]);
  await report.answer(alignColumns(rows));
  return exitCodes.answer;
}

async function show(command: HistoryCommand, id: ConsultId): Promise<number> {
  const { report, ledger, options } = command;
  const spool = spoolAt(ledger.consultsDirectory, id);
  if (!spool.exists()) return unknown(report, id);
  const outcome = spool.readOutcome();
  if (outcome === undefined) {
    report.error(`consult ${id} is not over: wait for it with phone-opus wait`);
    return exitCodes.failed;
  }
  if (outcome.status !== "done") {
    const { fault } = outcome;
    await report.answer(
      options["json"] === true
        ? JSON.stringify(fault)
        : [
            `${outcome.status}: ${faultText(fault)}`,
            ...(fault.receipt === undefined
              ? []
              : [
                  ...deniedLines(fault.receipt),
                  ...receiptLines(fault.receipt),
                ]),
            ...(fault.partial_response === undefined
              ? []
              : ["response:", fault.partial_response]),
          ].join("\n"),
    );
    return exitCodes.answer;
  }
  await report.answer(
    options["json"] === true
      ? JSON.stringify(projectAnswer(outcome.answer, "full"))
      : answerText(outcome.answer, "full"),
  );
  return exitCodes.answer;
}

async function exportOne(
  { report, ledger }: HistoryCommand,
  id: ConsultId,
): Promise<number> {
  const spool = spoolAt(ledger.consultsDirectory, id);
  if (!spool.exists()) return unknown(report, id);
  await report.answer(JSON.stringify(exportSpool(spool, id), undefined, 2));
  return exitCodes.answer;
}

function prune(command: HistoryCommand): number {
  const { settings, report, options, ledger, clock } = command;
  const days = wholeNumber(
    options["days"],
    "days",
    settings.historyMs / 86_400_000,
  );
  const removed = command.withLedger((open) =>
    pruneHistory(
      ledger.consultsDirectory,
      open,
      { maxAgeMs: days * 86_400_000, maxBytes: settings.historyBytes },
      clock.unixMs(),
    ),
  );
  report.info(
    `${removed.length} ${removed.length === 1 ? "consult" : "consults"} removed`,
  );
  return exitCodes.answer;
}

function unknown(report: Report, id: ConsultId): number {
  report.error(`there is no consult ${id}: see phone-opus history`);
  return exitCodes.failed;
}
