// The process that drives one run, in a session of its own: what kills hosts and
// workers does not reach it. It starts Claude, or takes over from a runner that died,
// keeps the limits, obeys cancellations, and writes the outcome. Nothing waits on it
// but files.

import { join } from "node:path";
import type { ConsultId } from "../base/ids.ts";
import type { ClaudePorts } from "../claude/follow.ts";
import { driveRun } from "../claude/run.ts";
import { withLedger } from "../consult/accept.ts";
import {
  cancelReason,
  claimRun,
  hasLiveOwner,
  hasTicket,
  isOrphaned,
} from "../consult/custody.ts";
import type { LedgerOptions } from "../consult/ledger.ts";
import { pruneHistory } from "../consult/retention.ts";
import {
  type ConsultRecord,
  createdUnixMsOf,
  outcomeFields,
  queuedRecord,
} from "../consult/record.ts";
import { type Spool, spoolAt } from "../consult/spool.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { takeTurn } from "../sys/files.ts";
import { identifyProcess } from "../sys/processes.ts";

export interface RunnerOptions {
  readonly consultId: ConsultId;
  readonly claude: ClaudePorts;
  readonly ledger: LedgerOptions;
  readonly orphanGraceMs: number;
  readonly log: (line: string) => void;
  /** Aborted by SIGTERM and its like; the reason is the signal's name. */
  readonly signal: AbortSignal;
}

/** Longest time until a wish or a vanished owner is noticed. */
const lookMs = 250;

export async function runRunner(options: RunnerOptions): Promise<void> {
  const { consultId, claude, log } = options;
  const spool = spoolAt(claude.paths.consults, consultId);
  const self = identifyProcess(process.pid);
  const request = spool.readRequest();
  if (self === undefined || request === undefined) {
    log(`consult ${consultId} has no readable request in ${spool.directory}`);
    return;
  }
  // Another runner drives it already: two workers wanted the same one.
  if (!claimRun(spool.directory, self)) return;
  const note = (fields: Partial<ConsultRecord>) =>
    withLedger({ ledger: options.ledger, log }, (ledger) =>
      ledger.update(consultId, fields),
    );
  const { clock } = claude;
  const earlier = spool.readOutcome();
  if (earlier !== undefined) {
    // A runner that died between the outcome and the row left the row to us.
    note(outcomeFields(earlier, spool.outcomeUnixMs() ?? clock.unixMs()));
    return;
  }
  const deadline =
    request.timeout_s === undefined
      ? claude.settings.timeoutMs
      : request.timeout_s * 1000;
  withLedger({ ledger: options.ledger, log }, (ledger) => {
    // Whoever published the spool may have died before the row was there to stay.
    const createdMs = createdUnixMsOf(consultId);
    ledger.add(queuedRecord(consultId, request, createdMs));
    ledger.update(consultId, {
      status: "running",
      started_unix_ms: clock.unixMs(),
      deadline_unix_ms: Math.ceil(clock.unixMs() + deadline),
    });
  });

  const abort = new AbortController();
  const over = new AbortController();
  const watching = watchCustody(options, spool, clock, abort, over.signal);
  const outcome = await driveRun(claude, spool, {
    consultId,
    request,
    signal: abort.signal,
    onProgress: () => {},
  });
  over.abort();
  await watching;
  const run = spool.readRun();
  note({
    ...outcomeFields(outcome, clock.unixMs()),
    pid: run?.process?.pid ?? null,
    process_start_time: run?.process?.start_time ?? null,
  });
  tidyUp(options);
}

const tidyEveryMs = 3_600_000;

/** Now and then the end of a run is also the end of what has expired. */
function tidyUp({ claude, ledger, log }: RunnerOptions): void {
  const { settings, paths, clock } = claude;
  const nowMs = clock.unixMs();
  if (!takeTurn(join(paths.root, "last-prune"), nowMs, tidyEveryMs)) return;
  withLedger({ ledger, log }, (open) =>
    pruneHistory(
      paths.consults,
      open,
      { maxAgeMs: settings.historyMs, maxBytes: settings.historyBytes },
      nowMs,
    ),
  );
}

/** Cancels the run when somebody wants it, or when nobody waits for it any more. */
async function watchCustody(
  options: RunnerOptions,
  { directory }: Spool,
  clock: Clock,
  abort: AbortController,
  over: AbortSignal,
): Promise<void> {
  const { orphanGraceMs: graceMs, signal } = options;
  const signalled = whenAborted(signal);
  let ownerSeenMs = clock.monotonicMs();
  while (!over.aborted && !abort.signal.aborted) {
    const wish = cancelReason(directory);
    const nowMs = clock.monotonicMs();
    const isOwned = hasLiveOwner(directory);
    if (isOwned) ownerSeenMs = nowMs;
    const custody = {
      hasLiveOwner: isOwned,
      hasTicket: hasTicket(directory),
      goneMs: nowMs - ownerSeenMs,
      graceMs,
    };
    if (wish !== undefined) abort.abort(wish);
    else if (signal.aborted) {
      abort.abort(`The run was ended by ${String(signal.reason)}.`);
    } else if (isOrphaned(custody)) {
      abort.abort(
        `Its client vanished and nobody came back for the answer within ${graceMs / 1000} s, so the consult was stopped: resume its session to go on.`,
      );
    } else await Promise.race([sleep(clock, lookMs, over), signalled]);
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!signal.aborted) {
      signal.addEventListener("abort", () => resolve(), { once: true });
    } else resolve();
  });
}
