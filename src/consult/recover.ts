// Rows of the ledger from what the spools hold, for when the ledger was lost.

import type { ConsultId } from "../base/ids.ts";
import { wasDelivered } from "./custody.ts";
import {
  type ConsultRecord,
  createdUnixMsOf,
  outcomeFields,
  queuedRecord,
} from "./record.ts";
import { consultIds } from "./running.ts";
import { spoolAt } from "./spool.ts";

export function* readAllSpools(
  consultsDirectory: string,
): Generator<ConsultRecord> {
  for (const id of consultIds(consultsDirectory)) {
    const record = tryToRead(consultsDirectory, id);
    if (record !== undefined) yield record;
  }
}

/** One that cannot be read must not cost the ledger all the others. */
function tryToRead(
  consultsDirectory: string,
  id: ConsultId,
): ConsultRecord | undefined {
  try {
    return readSpoolRecord(consultsDirectory, id);
  } catch {
    return undefined;
  }
}

/** Undefined where there is no spool, or none with a readable request. */
export function readSpoolRecord(
  consultsDirectory: string,
  id: ConsultId,
): ConsultRecord | undefined {
  const spool = spoolAt(consultsDirectory, id);
  const request = spool.readRequest();
  if (request === undefined) return undefined;
  const run = spool.readRun();
  const outcome = spool.readOutcome();
  const created = createdUnixMsOf(id);
  return {
    ...queuedRecord(id, request, created),
    ...(run === undefined
      ? {}
      : {
          status: "running",
          started_unix_ms: run.started_unix_ms,
          deadline_unix_ms: run.deadline_unix_ms,
          pid: run.process?.pid ?? null,
          process_start_time: run.process?.start_time ?? null,
        }),
    ...(outcome === undefined
      ? {}
      : outcomeFields(outcome, spool.outcomeUnixMs() ?? created)),
    delivered: wasDelivered(spool.directory) ? 1 : 0,
  };
}
