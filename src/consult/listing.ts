// The ledger as people and models see it: what runs, what ran. A row that says
// "running" is believed only while somebody drives the run.

import { consultIdSchema } from "../base/ids.ts";
import type { ListedConsult } from "../tools/custody.ts";
import {
  cancelReason,
  hasLiveOwner,
  hasLiveRunner,
  hasTicket,
} from "./custody.ts";
import type { Ledger } from "./ledger.ts";
import { readSpoolRecord } from "./recover.ts";
import type { ConsultRecord } from "./record.ts";
import { spoolAt } from "./spool.ts";

export interface ListingOptions {
  readonly consultsDirectory: string;
  readonly limit: number;
  readonly isRunningOnly: boolean;
}

export function listConsults(
  ledger: Ledger,
  { consultsDirectory, limit, isRunningOnly }: ListingOptions,
): ListedConsult[] {
  const records = ledger
    .list({
      // What is lost takes no place from what runs.
      limit: isRunningOnly ? -1 : limit,
      ...(isRunningOnly ? { statuses: ["queued", "running"] } : {}),
    })
    .map((record) => withTrueStatus(record, consultsDirectory));
  return records
    .filter(
      ({ status }) =>
        !isRunningOnly || status === "queued" || status === "running",
    )
    .slice(0, limit)
    .map(listed);
}

/** Looks behind a row that says that its run is not over. */
export function withTrueStatus(
  record: ConsultRecord,
  consultsDirectory: string,
): ConsultRecord {
  if (record.status !== "queued" && record.status !== "running") return record;
  const id = consultIdSchema.parse(record.consult_id);
  const spool = spoolAt(consultsDirectory, id);
  if (!spool.exists()) return { ...record, status: "lost" };
  if (spool.readOutcome() !== undefined) {
    return { ...record, ...readSpoolRecord(consultsDirectory, id) };
  }
  if (hasLiveRunner(spool.directory)) return record;
  const isWaiting =
    record.status === "queued" &&
    (hasLiveOwner(spool.directory) || hasTicket(spool.directory));
  if (isWaiting) return record;
  // Cancelled while it waited, and no worker was there to write it down.
  const isUnstarted = spool.readRun() === undefined;
  const isCancelled =
    isUnstarted && cancelReason(spool.directory) !== undefined;
  return { ...record, status: isCancelled ? "cancelled" : "lost" };
}

const promptHeadLength = 120;

function listed(record: ConsultRecord): ListedConsult {
  // Half of a surrogate pair is no text that strict readers of JSON take.
  const head = record.prompt.slice(0, promptHeadLength).toWellFormed();
  return {
    consult_id: record.consult_id,
    status: record.status,
    prompt_head: head.length < record.prompt.length ? `${head}…` : head,
    cwd: record.cwd,
    model: record.model,
    started_unix_ms: record.started_unix_ms ?? record.created_unix_ms,
    duration_ms: record.duration_ms,
    session_id: record.session_id,
    total_cost_usd: record.total_cost_usd,
    parent_id: record.parent_id,
  };
}
