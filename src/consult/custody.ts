// Who looks after a run. Notes in its spool, each written whole:
//
//   runner.N.json  the N-th process that drives the run; the highest number counts
//   owner.P.json   the process P, a host or command, waits for it
//   ticket         the caller was given the consult's id and will come back
//   cancel.json    somebody wants it ended
//   delivered      its answer has reached the client
//
// Numbers are only ever added: two processes that both find the last runner dead try
// for the same next number, and the file system lets one of them have it.

import { existsSync, linkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type ProcessIdentity, processIdentitySchema } from "../base/ids.ts";
import { errorCode } from "../base/json.ts";
import { namesIn, replaceFile } from "../sys/files.ts";
import { isSameProcessAlive, sendSignal } from "../sys/processes.ts";
import { readRecord } from "./spool.ts";

const cancelSchema = z.object({ reason: z.string() });

/** The process that drives the run of this spool now, dead or alive. */
export function readRunner(
  directory: string,
): { identity: ProcessIdentity; number: number } | undefined {
  const number = lastRunnerNumber(directory);
  const identity = readRunnerNote(directory, number);
  return identity === undefined ? undefined : { identity, number };
}

function readRunnerNote(
  directory: string,
  number: number,
): ProcessIdentity | undefined {
  return readRecord(runnerPath(directory, number), processIdentitySchema);
}

export function hasLiveRunner(directory: string): boolean {
  const runner = readRunner(directory);
  return runner !== undefined && isSameProcessAlive(runner.identity);
}

/** True when this process may drive the run from now on, false when another does. */
export function claimRun(directory: string, self: ProcessIdentity): boolean {
  // Looked at once: whoever looked later would see, and overtake, another's claim.
  const last = lastRunnerNumber(directory);
  const current = readRunnerNote(directory, last);
  if (current !== undefined && isSameProcessAlive(current)) return false;
  const draft = join(directory, `.claim.${self.pid}`);
  try {
    replaceFile(draft, JSON.stringify(self));
    linkSync(draft, runnerPath(directory, last + 1));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function runnerPath(directory: string, number: number): string {
  return join(directory, `runner.${number}.json`);
}

/** 0 too where the consult was forgotten between two looks at it. */
function lastRunnerNumber(directory: string): number {
  const numbers = namesIn(directory).map((name) =>
    Number(name.match(/^runner\.(\d+)\.json$/)?.[1] ?? 0),
  );
  return Math.max(0, ...numbers);
}

/** Writes nothing where it is noted already: on a full disk that stays true. */
export function addOwner(directory: string, owner: ProcessIdentity): void {
  const path = ownerPath(directory, owner);
  const noted = readRecord(path, processIdentitySchema);
  if (noted?.start_time === owner.start_time) return;
  replaceFile(path, JSON.stringify(owner));
}

export function removeOwner(directory: string, owner: ProcessIdentity): void {
  rmSync(ownerPath(directory, owner), { force: true });
}

/**
 * The owner waits no more. Asks for the run's end when nobody else waits and nobody
 * holds a ticket; true when it did.
 */
export function releaseRun(
  directory: string,
  owner: ProcessIdentity,
  reason: string,
): boolean {
  removeOwner(directory, owner);
  if (hasTicket(directory) || hasLiveOwner(directory)) return false;
  requestCancel(directory, reason);
  return true;
}

export function hasLiveOwner(directory: string): boolean {
  return namesIn(directory)
    .filter((name) => ownerName.test(name))
    .map((name) => readRecord(join(directory, name), processIdentitySchema))
    .some((owner) => owner !== undefined && isSameProcessAlive(owner));
}

const ownerName = /^owner\.\d+\.json$/;

function ownerPath(directory: string, owner: ProcessIdentity): string {
  return join(directory, `owner.${owner.pid}.json`);
}

export function grantTicket(directory: string): void {
  replaceFile(join(directory, "ticket"), "");
}

export function hasTicket(directory: string): boolean {
  return existsSync(join(directory, "ticket"));
}

export function markDelivered(directory: string): void {
  replaceFile(join(directory, "delivered"), "");
}

export function wasDelivered(directory: string): boolean {
  return existsSync(join(directory, "delivered"));
}

/** Writes the wish down, then wakes the runner, which also looks by itself. */
export function requestCancel(directory: string, reason: string): void {
  try {
    replaceFile(join(directory, "cancel.json"), JSON.stringify({ reason }));
  } finally {
    // On a disk that is full the signal alone must do; the runner obeys that, too.
    const runner = readRunner(directory);
    if (runner !== undefined && isSameProcessAlive(runner.identity)) {
      sendSignal(runner.identity.pid, "SIGTERM");
    }
  }
}

export function cancelReason(directory: string): string | undefined {
  return readRecord(join(directory, "cancel.json"), cancelSchema)?.reason;
}

export interface Custody {
  readonly hasLiveOwner: boolean;
  readonly hasTicket: boolean;
  /** How long no owner has been alive; 0 while one is. */
  readonly goneMs: number;
  readonly graceMs: number;
}

/** A run that nobody waits for ends after the grace; one with a ticket goes on. */
export function isOrphaned(custody: Custody): boolean {
  return (
    !custody.hasLiveOwner &&
    !custody.hasTicket &&
    custody.goneMs >= custody.graceMs
  );
}
