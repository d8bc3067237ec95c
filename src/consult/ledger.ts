// The SQLite index over all consults of this user, shared by any number of hosts and
// commands at once. The spools are the truth: what the ledger lost is found again
// there, so a damaged file is set aside and a new one filled from them.

import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { z } from "zod";
import type { ConsultId } from "../base/ids.ts";
import { ensurePrivateDirectory } from "../sys/files.ts";
import {
  inodeOf,
  isDamage,
  type LedgerFile,
  openLedgerFile,
  replaceLedgerFile,
} from "./ledger-file.ts";
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
   * Nor is it entered when as many are there as may be. `onEntered` is called before
   * anybody else can see the row.
   */
  acceptOrFind(
    record: ConsultRecord,
    limits: AcceptLimits,
    onEntered?: () => void,
  ): ConsultRecord | "queue_full" | undefined;
  /**
   * Sets a queued consult running if `decide` says so of those that are queued or
   * running, the oldest first. Nobody else decides meanwhile.
   */
  admit(
    id: ConsultId,
    startedUnixMs: number,
    decide: (active: readonly ConsultRecord[]) => boolean,
  ): boolean;
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

export interface AcceptLimits {
  /** Undefined: an earlier consult is not looked for. */
  readonly answeredSinceUnixMs: number | undefined;
  /** Most consults that may run or wait, as far as `isActive` believes their rows. */
  readonly maxActive: number;
  readonly isActive: (record: ConsultRecord) => boolean;
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
    OR ((status = 'done' OR (status = 'failed' AND num_turns IS NOT NULL))
      AND delivered = 0 AND ended_unix_ms >= $since))
  ORDER BY created_unix_ms DESC LIMIT 1`;
const activeSql = `SELECT ${listColumns} FROM consults
  WHERE status IN ('queued', 'running') ORDER BY consult_id`;
const admitSql = `UPDATE consults
  SET status = 'running', started_unix_ms = $startedUnixMs
  WHERE consult_id = $id`;
const countSchema = z.object({ total: z.int() });

/**
 * Throws a LedgerTooNewError when a later phone-opus has changed its form, the system
 * error when the file cannot be opened or made.
 */
export function openLedger(options: LedgerOptions): Ledger {
  ensurePrivateDirectory(dirname(options.path));
  const { path, consultsDirectory, onSetAside } = options;
  const file: LedgerFile = {
    path,
    onSetAside,
    fill: (database) => insertAll(database, readAllSpools(consultsDirectory)),
  };
  let database = openLedgerFile(file);

  /** Once more on a fresh file, when this one turns out to be damaged. */
  const attempt = <T>(operation: (database: Database) => T): T => {
    try {
      return operation(database);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const damaged = inodeOf(options.path);
      database.close();
      database = replaceLedgerFile(file, damaged);
      return operation(database);
    }
  };

  return {
    acceptOrFind: (record, limits, onEntered) =>
      attempt((db) =>
        db
          .transaction(() => {
            const since = limits.answeredSinceUnixMs;
            const row =
              since === undefined ? null : findSame(db, record, since);
            if (row !== null) return consultRecordSchema.parse(row);
            const active = readActive(db);
            if (
              active.length >= limits.maxActive &&
              active.filter(limits.isActive).length >= limits.maxActive
            ) {
              return "queue_full";
            }
            db.query(insertSql).run(record);
            // Within the lock: nobody sees the row without what it stands for.
            onEntered?.();
            return undefined;
          })
          .immediate(),
      ),
    admit: (id, startedUnixMs, decide) =>
      attempt((db) =>
        db
          .transaction(() => {
            if (!decide(readActive(db))) return false;
            db.query(admitSql).run({ id, startedUnixMs });
            return true;
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

function readActive(database: Database): ConsultRecord[] {
  return database
    .query(activeSql)
    .all()
    .map((row) => consultRecordSchema.parse(row));
}

function findSame(
  database: Database,
  record: ConsultRecord,
  since: number,
): unknown {
  return database.query(sameRequestSql).get({
    digest: record.request_digest,
    own: record.consult_id,
    since,
  });
}

function insertAll(database: Database, records: Iterable<ConsultRecord>): void {
  const insert = database.query(insertSql);
  database
    .transaction(() => {
      for (const record of records) insert.run(record);
    })
    .immediate();
}
