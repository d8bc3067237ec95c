// The SQLite index over all consults of this user, shared by any number of hosts and
// commands at once. The spools are the truth: what the ledger lost is found again
// there, so a damaged file is set aside and a new one filled from them.

import { Database } from "bun:sqlite";
import { renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { ConsultId } from "../base/ids.ts";
import { describeError, errorCode } from "../base/json.ts";
import { ensurePrivateDirectory } from "../sys/files.ts";
import { migrate } from "./ledger-schema.ts";
import { readAllSpools } from "./recover.ts";
import {
  type ConsultRecord,
  consultRecordSchema,
  type ConsultStatus,
} from "./record.ts";

export interface Ledger {
  /**
   * Enters the consult, unless the same request is running, or was answered since
   * `answeredSinceUnixMs` and its answer never arrived: then that one is returned.
   */
  acceptOrFind(
    record: ConsultRecord,
    answeredSinceUnixMs: number,
    onEntered?: () => void,
  ): ConsultRecord | undefined;
  /** Enters the consult, or leaves the row that is there. */
  add(record: ConsultRecord): void;
  /** The same for many, all or none. */
  addAll(records: Iterable<ConsultRecord>): void;
  update(id: ConsultId, fields: Partial<ConsultRecord>): void;
  get(id: ConsultId): ConsultRecord | undefined;
  /** Newest first, long prompts cut. */
  list(options: ListOptions): ConsultRecord[];
  count(): number;
  remove(id: ConsultId): void;
  close(): void;
}

export interface ListOptions {
  readonly limit: number;
  readonly statuses?: readonly ConsultStatus[];
}

export interface LedgerOptions {
  readonly path: string;
  readonly consultsDirectory: string;
  /** Told when the file was damaged and set aside under this name. */
  readonly onSetAside?: (path: string) => void;
}

/** How long one statement waits for other processes' writes. */
const busyTimeoutMs = 10_000;
const retryMs = 10;

const columns = Object.keys(consultRecordSchema.shape);
/** Of a prompt, which may be megabytes long, a list shows the beginning. */
const promptHeadLength = 500;
const listColumns = columns
  .map((name) =>
    name === "prompt"
      ? `substr(prompt, 1, ${promptHeadLength}) AS prompt`
      : name,
  )
  .join(", ");
const insertSql = `INSERT OR IGNORE INTO consults (${columns.join(", ")}) VALUES (${columns.map((name) => `$${name}`).join(", ")})`;
const sameRequestSql = `SELECT * FROM consults WHERE request_digest = $digest AND consult_id <> $own
  AND (status IN ('queued', 'running')
    OR (status = 'done' AND delivered = 0 AND ended_unix_ms >= $since))
  ORDER BY created_unix_ms DESC LIMIT 1`;
const countSchema = z.object({ total: z.int() });

/**
 * Throws a LedgerTooNewError when a later phone-opus has changed its form, the system
 * error when the file cannot be opened or made.
 */
export function openLedger(options: LedgerOptions): Ledger {
  ensurePrivateDirectory(dirname(options.path));
  let database = openOrReplace(options);

  /** Once more on a fresh file, when this one turns out to be damaged. */
  const attempt = <T>(operation: (database: Database) => T): T => {
    try {
      return operation(database);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const damaged = inodeOf(options.path);
      database.close();
      database = replace(options, damaged);
      return operation(database);
    }
  };

  return {
    acceptOrFind: (record, since, onEntered) =>
      attempt((db) =>
        db
          .transaction(() => {
            const row = db.query(sameRequestSql).get({
              digest: record.request_digest,
              own: record.consult_id,
              since,
            });
            if (row !== null) return consultRecordSchema.parse(row);
            db.query(insertSql).run(record);
            // Within the lock: nobody sees the row without what it stands for.
            onEntered?.();
            return undefined;
          })
          .immediate(),
      ),
    add: (record) => void attempt((db) => db.query(insertSql).run(record)),
    addAll: (records) => attempt((db) => insertAll(db, records)),
    update: (id, fields) => {
      const names = Object.keys(fields);
      if (names.length === 0) return;
      const assignments = names.map((name) => `${name} = $${name}`).join(", ");
      attempt((db) =>
        db
          .query(`UPDATE consults SET ${assignments} WHERE consult_id = $id`)
          .run({ ...fields, id }),
      );
    },
    get: (id) =>
      attempt((db) => {
        const row = db
          .query("SELECT * FROM consults WHERE consult_id = $id")
          .get({ id });
        return row === null ? undefined : consultRecordSchema.parse(row);
      }),
    list: ({ limit, statuses }) =>
      attempt((db) => {
        const chosen = statuses?.map((status) => `'${status}'`).join(", ");
        const where = chosen === undefined ? "" : `WHERE status IN (${chosen})`;
        return db
          .query(
            `SELECT ${listColumns} FROM consults ${where} ORDER BY created_unix_ms DESC LIMIT $limit`,
          )
          .all({ limit })
          .map((row) => consultRecordSchema.parse(row));
      }),
    count: () =>
      attempt(
        (db) =>
          countSchema.parse(
            db.query("SELECT count(*) AS total FROM consults").get(),
          ).total,
      ),
    remove: (id) =>
      void attempt((db) =>
        db.query("DELETE FROM consults WHERE consult_id = $id").run({ id }),
      ),
    close: () => database.close(),
  };
}

function openOrReplace(options: LedgerOptions): Database {
  const inode = inodeOf(options.path);
  try {
    return openPatiently(options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return replace(options, inode);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** One process at a time, and only the damaged file: another may have replaced it. */
function replace(
  options: LedgerOptions,
  damaged: number | undefined,
): Database {
  const guard = new Database(`${options.path}.mending`, { create: true });
  try {
    guard.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    guard.run("BEGIN EXCLUSIVE");
    if (inodeOf(options.path) === damaged) setAside(options);
    return openPatiently(options);
  } finally {
    guard.close();
  }
}

/** SQLite itself does not wait where a file becomes a WAL file, nor where it recovers. */
function openPatiently(options: LedgerOptions): Database {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    try {
      return open(options);
    } catch (error) {
      const isBusy = errorCode(error)?.startsWith("SQLITE_BUSY") === true;
      if (!isBusy || waitedMs >= busyTimeoutMs) throw error;
      Bun.sleepSync(retryMs);
    }
  }
}

function open({ path, consultsDirectory }: LedgerOptions): Database {
  const database = new Database(path, { create: true, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    // A file that is new though there are spools was lost, emptied or set aside.
    migrate(database, () => {
      insertAll(database, readAllSpools(consultsDirectory));
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function insertAll(database: Database, records: Iterable<ConsultRecord>): void {
  const insert = database.query(insertSql);
  database
    .transaction(() => {
      for (const record of records) insert.run(record);
    })
    .immediate();
}

const damageCodes = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

function isDamage(error: unknown): boolean {
  // A cut row reads as zeros.
  if (error instanceof z.ZodError) return true;
  const code = errorCode(error) ?? "";
  return (
    [...damageCodes].some((prefix) => code.startsWith(prefix)) ||
    /malformed|not a database/.test(describeError(error))
  );
}

/** Never deleted: somebody may want to look. Its companions belong to it. */
function setAside({ path, onSetAside }: LedgerOptions): void {
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
