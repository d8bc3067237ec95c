// The form of the ledger's file and how older forms become the present one.

import type { Database } from "bun:sqlite";
import { z } from "zod";

/** Step N leads from version N to N + 1. Steps are only ever added. */
const steps: readonly (readonly string[])[] = [
  [
    `CREATE TABLE consults (
      consult_id TEXT PRIMARY KEY,
      parent_id TEXT,
      status TEXT NOT NULL,
      cwd TEXT NOT NULL,
      request_digest TEXT NOT NULL,
      model TEXT,
      session_id TEXT,
      owner_pid INTEGER,
      owner_start_time TEXT,
      pid INTEGER,
      process_start_time TEXT,
      created_unix_ms INTEGER NOT NULL,
      started_unix_ms INTEGER,
      ended_unix_ms INTEGER,
      deadline_unix_ms INTEGER,
      duration_ms REAL,
      total_cost_usd REAL,
      num_turns INTEGER,
      fault TEXT,
      delivered INTEGER NOT NULL,
      prompt TEXT NOT NULL
    )`,
    "CREATE INDEX consults_by_time ON consults (created_unix_ms)",
    "CREATE INDEX consults_by_status ON consults (status, created_unix_ms)",
    "CREATE INDEX consults_by_request ON consults (request_digest)",
  ],
];
export const ledgerVersion = steps.length;

/** The file was written by a later phone-opus, which this one must not touch. */
export class LedgerTooNewError extends Error {
  override readonly name = "LedgerTooNewError";
  readonly code = "ledger_too_new";
  constructor(version: number) {
    super(
      `the ledger has form ${version}, this phone-opus knows ${ledgerVersion}: update phone-opus`,
    );
  }
}

const versionSchema = z.object({ user_version: z.int() });

/** `fill` enters what is known already into a file that is new, in the same step. */
export function migrate(database: Database, fill: () => void): void {
  if (readVersion(database) === ledgerVersion) return;
  database
    .transaction(() => {
      // Read again inside: another process may have been faster.
      const version = readVersion(database);
      if (version > ledgerVersion) throw new LedgerTooNewError(version);
      for (const statements of steps.slice(version)) {
        for (const statement of statements) database.run(statement);
      }
      if (version === 0) fill();
      database.run(`PRAGMA user_version = ${ledgerVersion}`);
    })
    .immediate();
}

function readVersion(database: Database): number {
  const row = database.query("PRAGMA user_version").get();
  return versionSchema.parse(row).user_version;
}
