// The ledger's file: made, opened, and replaced when it is damaged. A new one is filled
// in the same step in which it is made, so that nobody ever finds it empty.

import { Database } from "bun:sqlite";
import { renameSync, statSync } from "node:fs";
import { z } from "zod";
import { describeError, errorCode } from "../base/json.ts";
import { ensurePrivateFile } from "../sys/files.ts";
import { migrate } from "./ledger-schema.ts";

export interface LedgerFile {
  readonly path: string;
  /** Enters what is known already into a file that is new. */
  readonly fill: (database: Database) => void;
  /** Told when the file was damaged and set aside under this name. */
  readonly onSetAside?: ((path: string) => void) | undefined;
}

/** How long one statement waits for other processes' writes. */
const busyTimeoutMs = 10_000;
const retryMs = 10;

/** Throws a LedgerTooNewError, or the system error where no file can be had. */
export function openLedgerFile(file: LedgerFile): Database {
  const inode = inodeOf(file.path);
  try {
    return openPatiently(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return replaceLedgerFile(file, inode);
  }
}

export function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** One process at a time, and only the damaged file: another may have replaced it. */
export function replaceLedgerFile(
  file: LedgerFile,
  damaged: number | undefined,
): Database {
  const guard = new Database(`${file.path}.mending`, { create: true });
  try {
    guard.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    guard.run("BEGIN EXCLUSIVE");
    if (inodeOf(file.path) === damaged) setAside(file);
    return openPatiently(file);
  } finally {
    guard.close();
  }
}

/** SQLite itself does not wait where a file becomes a WAL file, nor where it recovers. */
function openPatiently(file: LedgerFile): Database {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    try {
      return open(file);
    } catch (error) {
      const isBusy = errorCode(error)?.startsWith("SQLITE_BUSY") === true;
      if (!isBusy || waitedMs >= busyTimeoutMs) throw error;
      Bun.sleepSync(retryMs);
    }
  }
}

function open({ path, fill }: LedgerFile): Database {
  // SQLite would make it as the umask says, and its companions as the file itself.
  ensurePrivateFile(path);
  const database = new Database(path, { create: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    // Else a prompt stays in the file after its row, for whoever reads bytes.
    database.run("PRAGMA secure_delete = ON");
    // A file that is new though there are spools was lost, emptied or set aside.
    migrate(database, () => fill(database));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const damageCodes = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

export function isDamage(error: unknown): boolean {
  // A cut row reads as zeros.
  if (error instanceof z.ZodError) return true;
  const code = errorCode(error) ?? "";
  return (
    [...damageCodes].some((prefix) => code.startsWith(prefix)) ||
    /malformed|not a database/.test(describeError(error))
  );
}

/** Never deleted: somebody may want to look. Its companions belong to it. */
function setAside({ path, onSetAside }: LedgerFile): void {
  const aside = `${path}.damaged-${Bun.randomUUIDv7()}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch (error) {
      // Another process may have set it aside in the same moment.
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
  onSetAside?.(aside);
}
