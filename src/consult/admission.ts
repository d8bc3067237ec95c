// Whose turn it is. So many runs at once, over all hosts and commands of this user,
// first come first served: the ledger says who runs and who waits. A consult that
// waits costs no process; only the first of this process's own looks again and again.

import type { ConsultId } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import { withLedger } from "./accept.ts";
import { hasLiveOwner, hasLiveRunner } from "./custody.ts";
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
    while (admitFirst());
    takeBackLook();
    if (waiting.length > 0) takeBackLook = clock.after(lookMs, look);
  };

  /** True when it may go on with the next one. Without a ledger nobody waits. */
  const admitFirst = (): boolean => {
    const [first, ...others] = waiting;
    if (first === undefined) return false;
    let places = [0];
    withLedger({ ledger, log }, (open) => {
      open.admit(first.id, clock.unixMs(), (active) => {
        places = placesOf(active);
        return places[0] === 0;
      });
    });
    if (places[0] === 0) waiting = others;
    place(first, places[0] ?? 0);
    if (first.position === 0) return true;
    for (const [index, entry] of others.entries()) {
      place(entry, places[index + 1] ?? entry.position);
    }
    return false;
  };

  const place = (entry: Waiting, position: number) => {
    if (entry.position === position) return;
    entry.position = position;
    entry.onChange();
  };

  /** The place of each that waits here, among all of this user's; 0: its turn. */
  const placesOf = (active: readonly ConsultRecord[]): number[] => {
    const queued = active.filter(
      (record) => record.status === "queued" && isAwaited(record),
    );
    return waiting.map(({ id }) => {
      const running = active.filter(
        (record) => record.consult_id !== id && isRunning(record),
      ).length;
      const before = queued.filter((record) => record.consult_id < id).length;
      return Math.max(0, running + before + 1 - maxRunning);
    });
  };

  const directoryOf = (record: ConsultRecord) =>
    spoolAt(ledger.consultsDirectory, record.consult_id).directory;

  /** A row may outlive its run: somebody must be driving it, or about to. */
  const isRunning = (record: ConsultRecord) =>
    record.status === "running" &&
    (Math.abs(clock.unixMs() - (record.started_unix_ms ?? 0)) < startingMs ||
      hasLiveRunner(directoryOf(record)));

  // A ticket alone drives nothing: such a consult is taken up when it is asked for.
  const isAwaited = (record: ConsultRecord) =>
    hasLiveOwner(directoryOf(record));

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
