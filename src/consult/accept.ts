// Takes a consult into custody before anything is paid for: a spool to write into, an
// owner, a row in the ledger. The same request asked twice gets the first one's run.

import { describeError } from "../base/json.ts";
import type { ConsultId, ProcessIdentity } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import {
  addOwner,
  cancelReason,
  hasLiveOwner,
  hasLiveRunner,
  removeOwner,
} from "./custody.ts";
import { type Ledger, type LedgerOptions, openLedger } from "./ledger.ts";
import { type ConsultRecord, queuedRecord } from "./record.ts";
import { readSpoolRecord } from "./recover.ts";
import type { ConsultRequest } from "./request.ts";
import { draftSpool, type Spool, spoolAt } from "./spool.ts";

/** How long an answer that nobody received waits for the same question. */
const undeliveredMs = 600_000;

export interface AcceptOptions {
  readonly ledger: LedgerOptions;
  readonly clock: Clock;
  readonly owner: ProcessIdentity | undefined;
  /** Most consults that may run at once, and that may wait for their turn. */
  readonly maxRunning: number;
  readonly maxQueued: number;
  readonly log: (line: string) => void;
}

export interface Accepted {
  readonly consultId: ConsultId;
  readonly spool: Spool;
  /** True when an earlier consult with the same request answers this one. */
  readonly isAttached: boolean;
}

/** So many consults wait for their turn that one more is refused. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
  readonly code = "queue_full";
}

/**
 * Throws the system error when the spool cannot be made, a QueueFullError when there
 * is no room to wait in; nothing is left then.
 */
export function acceptConsult(
  options: AcceptOptions,
  consultId: ConsultId,
  request: ConsultRequest,
  isFresh: boolean,
): Accepted {
  const { consultsDirectory } = options.ledger;
  const own = spoolAt(consultsDirectory, consultId);
  const nowMs = options.clock.unixMs();
  const record = {
    ...queuedRecord(consultId, request, nowMs),
    owner_pid: options.owner?.pid ?? null,
    owner_start_time: options.owner?.start_time ?? null,
  };
  // Accepted before, by a worker that died since: the same call, the same consult.
  if (own.exists()) {
    withLedger(options, (ledger) => ledger.add(record));
    return attach(options, consultId, own, false);
  }
  // Spool and row come at once: a row means that there is something to attach to, and a
  // ledger that is made just now finds no spool that will not stay.
  // The owner comes with them: what nobody owns, gc ends and retention removes.
  const draft = draftSpool(
    consultsDirectory,
    consultId,
    request,
    (directory) => {
      if (options.owner !== undefined) addOwner(directory, options.owner);
    },
  );
  const earlier = withLedger(options, (ledger) => {
    const limits = {
      answeredSinceUnixMs: isFresh ? undefined : nowMs - undeliveredMs,
      maxActive: options.maxRunning + options.maxQueued,
      isActive: (row: ConsultRecord) => isAlive(row, options.ledger),
    };
    for (;;) {
      const found = ledger.acceptOrFind(record, limits, () => draft.publish());
      if (found === undefined) break;
      if (found === "queue_full") return found;
      if (
        canAnswer(consultsDirectory, found.consult_id, nowMs) &&
        ownUnlessEnded(options, found.consult_id)
      ) {
        return found.consult_id;
      }
      // The row is behind the truth: made true, it is not found again.
      mendRow(ledger, consultsDirectory, found.consult_id);
    }
    // A ledger that was made just now found the spool first, and no owner in it.
    ledger.update(consultId, {
      owner_pid: record.owner_pid,
      owner_start_time: record.owner_start_time,
    });
    return undefined;
  });
  if (earlier === "queue_full") {
    draft.discard();
    throw new QueueFullError(`${options.maxQueued} consults wait already`);
  }
  if (earlier === undefined) {
    // Without a ledger, too; what cannot be published leaves nothing.
    try {
      draft.publish();
    } catch (error) {
      draft.discard();
      throw error;
    }
    return { consultId, spool: own, isAttached: false };
  }
  draft.discard();
  return attach(options, earlier, spoolAt(consultsDirectory, earlier), true);
}

/**
 * Another may leave this run in the same moment: he sees then that somebody waits, or we
 * see that he has ended it.
 */
function ownUnlessEnded(options: AcceptOptions, id: ConsultId): boolean {
  const { owner } = options;
  if (owner === undefined) return true;
  const spool = spoolAt(options.ledger.consultsDirectory, id);
  try {
    addOwner(spool.directory, owner);
  } catch {
    // `attach` says so where it matters.
    return true;
  }
  const status = spool.readOutcome()?.status;
  const isEnded =
    status === "cancelled" ||
    (status === undefined && cancelReason(spool.directory) !== undefined);
  if (isEnded) removeOwner(spool.directory, owner);
  return !isEnded;
}

/** Its spool says more than its row: a row may stay behind when its writer is killed. */
function canAnswer(
  consultsDirectory: string,
  id: ConsultId,
  nowMs: number,
): boolean {
  const spool = spoolAt(consultsDirectory, id);
  if (!spool.exists()) return false;
  const truth = readSpoolRecord(consultsDirectory, id);
  if (truth?.status === "queued" || truth?.status === "running") {
    // One that is being ended would only tell that it was.
    return cancelReason(spool.directory) === undefined;
  }
  return (
    truth !== undefined &&
    holdsAnswer(truth) &&
    truth.delivered === 0 &&
    (truth.ended_unix_ms ?? 0) >= nowMs - undeliveredMs
  );
}

/** A fault may carry a whole answer; only answered rows have turns. */
function holdsAnswer({ status, num_turns }: ConsultRecord): boolean {
  return status === "done" || (status === "failed" && num_turns !== null);
}

/** Somebody drives it, or waits for it to be driven. */
function isAlive(
  { consult_id }: ConsultRecord,
  { consultsDirectory }: LedgerOptions,
): boolean {
  const { directory } = spoolAt(consultsDirectory, consult_id);
  return hasLiveRunner(directory) || hasLiveOwner(directory);
}

function mendRow(ledger: Ledger, consultsDirectory: string, id: ConsultId) {
  const truth = readSpoolRecord(consultsDirectory, id);
  if (truth === undefined) ledger.remove(id);
  else if (truth.status === "queued" || truth.status === "running") {
    ledger.update(id, { status: "cancelled" });
  } else ledger.update(id, truth);
}

/**
 * Makes this process's client the one whom the run is for. Throws the system error
 * where a run that is not over cannot be owned.
 */
export function attach(
  options: AcceptOptions,
  consultId: ConsultId,
  spool: Spool,
  isAttached: boolean,
): Accepted {
  try {
    if (options.owner !== undefined) addOwner(spool.directory, options.owner);
  } catch (error) {
    // An answer that is there is to be had on a full disk, too.
    if (!spool.hasOutcome()) throw error;
  }
  return { consultId, spool, isAttached };
}

/**
 * The ledger is an index: where it cannot be used the consult goes on without it, and
 * is found again by its spool.
 */
export function withLedger<T>(
  options: Pick<AcceptOptions, "ledger" | "log">,
  use: (ledger: Ledger) => T,
): T | undefined {
  try {
    const ledger = openLedger(options.ledger);
    try {
      return use(ledger);
    } finally {
      ledger.close();
    }
  } catch (error) {
    options.log(
      `the ledger ${options.ledger.path} was not used: ${describeError(error)}`,
    );
    return undefined;
  }
}
