// What is kept and for how long: the newest consults within an age and a total size.
// A consult that is not over is never removed, nor one whose answer is waited for.

import { statSync } from "node:fs";
import { join } from "node:path";
import { type ConsultId, consultIdSchema } from "../base/ids.ts";
import { namesIn, removeDirectory } from "../sys/files.ts";
import { hasLiveOwner, hasLiveRunner } from "./custody.ts";
import type { Ledger } from "./ledger.ts";
import { createdUnixMsOf } from "./record.ts";
import { spoolAt } from "./spool.ts";

export interface KeptConsult {
  readonly id: ConsultId;
  readonly createdUnixMs: number;
  readonly bytes: number;
}

export interface RetentionLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Those to remove: too old, or beyond the size, the oldest first. Pure. */
export function selectExpired(
  consults: readonly KeptConsult[],
  { maxAgeMs, maxBytes }: RetentionLimits,
  nowUnixMs: number,
): ConsultId[] {
  let total = 0;
  return consults
    .toSorted((a, b) => b.createdUnixMs - a.createdUnixMs)
    .filter(({ createdUnixMs, bytes }) => {
      total += bytes;
      return nowUnixMs - createdUnixMs > maxAgeMs || total > maxBytes;
    })
    .map(({ id }) => id);
}

/** How long a spool may be in the making before its maker is taken for dead. */
const draftAgeMs = 3_600_000;
const draftName = /^\.c_[0-9a-f]{32}\.\d+$/;

/**
 * Removes what has expired, and drafts that nobody finished. Returns the consults. Throws
 * the system error where one could not be read or removed, when all the others are done.
 */
export function pruneHistory(
  consultsDirectory: string,
  ledger: Ledger,
  limits: RetentionLimits,
  nowUnixMs: number,
): ConsultId[] {
  const failures: unknown[] = [];
  /** One that fails would else be in the way of the others, each time again. */
  const forEach = <T>(items: readonly T[], work: (item: T) => void) => {
    for (const item of items) {
      try {
        work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const finished: KeptConsult[] = [];
  forEach(namesIn(consultsDirectory), (name) => {
    const path = join(consultsDirectory, name);
    const id = consultIdSchema.safeParse(name);
    if (id.success) {
      if (!isOver(consultsDirectory, id.data)) return;
      finished.push({
        id: id.data,
        createdUnixMs: createdUnixMsOf(id.data),
        bytes: sizeOfFiles(path),
      });
    } else if (
      draftName.test(name) &&
      nowUnixMs - modifiedUnixMs(path) > draftAgeMs
    ) {
      removeDirectory(path);
    }
  });
  const expired = selectExpired(finished, limits, nowUnixMs);
  forEach(expired, (id) => {
    removeDirectory(spoolAt(consultsDirectory, id).directory);
    ledger.remove(id);
  });
  if (failures.length > 0) throw failures[0];
  return expired;
}

function isOver(consultsDirectory: string, id: ConsultId): boolean {
  const spool = spoolAt(consultsDirectory, id);
  // An outcome is written before those who wait for it can have read it.
  if (hasLiveOwner(spool.directory)) return false;
  return (
    spool.readOutcome() !== undefined ||
    (!hasLiveRunner(spool.directory) && spool.readRun() === undefined)
  );
}

function sizeOfFiles(directory: string): number {
  return namesIn(directory)
    .map((name) => statSync(join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, status) => sum + (status?.size ?? 0), 0);
}

function modifiedUnixMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
