// Whose turn it is. So many runs at once, over all hosts and commands of this user,
// first come first served: the ledger says who runs and who waits. A consult that
// waits costs no process; only the first of this process's own looks again and again.

import type { ConsultId } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import { withLedger } from "./accept.ts";
import { hasLiveOwner, hasLiveRunner, hasTicket } from "./custody.ts";
import type { LedgerOptions } from "./ledger.ts";
import type { ConsultRecord } from "./record.ts";
import { spoolAt } from "./spool.ts";

export interface AdmissionOptions {
  readonly ledger: LedgerOptions;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  readonly maxRunning: number;
}

export interface Turn {
  /** True once the run may start. */
  hasCome(): boolean;
  /** Places before this one, itself included; 0 once its turn has come. */
  position(): number;
  /** Waits no more. */
  leave(): void;
}

export interface Admission {
  /** `onChange` is called when the position changes or the turn has come. */
  queue(id: ConsultId, onChange: () => void): Turn;
}

const lookMs = 200;
/** From the admission until the run's process has claimed it. */
const startingMs = 15_000;

interface Waiting {
  readonly id: ConsultId;
  readonly onChange: () => void;
  position: number;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { clock, ledger, log, maxRunning } = options;
  let waiting: Waiting[] = [];
  let takeBackLook = () => {};

  const look = () => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const ahead = tryAdmit(first.id);
      if (ahead > 0) {
        place(ahead);
        break;
      }
      waiting = waiting.slice(1);
      first.position = 0;
      first.onChange();
    }
    takeBackLook();
    if (waiting.length > 0) takeBackLook = clock.after(lookMs, look);
  };

  const place = (ahead: number) => {
    for (const [index, entry] of waiting.entries()) {
      if (entry.position === ahead + index) continue;
      entry.position = ahead + index;
      entry.onChange();
    }
  };

  /** 0 when it is admitted, else its place. Without a ledger everybody is. */
  const tryAdmit = (id: ConsultId): number => {
    let ahead = 0;
    withLedger({ ledger, log }, (open) => {
      open.admit(id, clock.unixMs(), (active) => {
        const running = active.filter(isRunning).length;
        const before = active.filter(
          (record) =>
            record.status === "queued" &&
            record.consult_id < id &&
            isAwaited(record),
        ).length;
        ahead = Math.max(0, running + before + 1 - maxRunning);
        return ahead === 0;
      });
    });
    return ahead;
  };

  const directoryOf = (record: ConsultRecord) =>
    spoolAt(ledger.consultsDirectory, record.consult_id).directory;

  /** A row may outlive its run: somebody must be driving it, or about to. */
  const isRunning = (record: ConsultRecord) =>
    record.status === "running" &&
    (clock.unixMs() - (record.started_unix_ms ?? 0) < startingMs ||
      isPresent(() => hasLiveRunner(directoryOf(record))));

  const isAwaited = (record: ConsultRecord) =>
    isPresent(
      () => hasLiveOwner(directoryOf(record)) || hasTicket(directoryOf(record)),
    );

  return {
    queue: (id, onChange) => {
      const entry: Waiting = { id, onChange, position: 1 };
      waiting = [...waiting, entry].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      look();
      return {
        hasCome: () => entry.position === 0,
        position: () => entry.position,
        leave: () => {
          waiting = waiting.filter((other) => other !== entry);
        },
      };
    },
  };
}

/** A spool that is gone belongs to nobody. */
function isPresent(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
