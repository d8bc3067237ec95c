// Prunes a history of its own of which one spool cannot be removed, and tells how that
// went. The newest one, so that it comes first.

import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/base/json.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { readAllSpools } from "../../src/consult/recover.ts";
import { pruneHistory } from "../../src/consult/retention.ts";
import { createSpool } from "../../src/consult/spool.ts";
import { becomeNobody } from "../helpers/without-root.ts";
import { done, newId, request } from "./scene.ts";

// From within: nobody may not pass through where the tests have their directories, and
// SQLite asks for the whole way.
process.chdir(process.argv[2] ?? "");
const consults = "consults";
const ledger = openLedger({
  path: "books/ledger.sqlite",
  consultsDirectory: consults,
});
becomeNobody();
const now = 1_800_000_000_000;
const ids = [1, 2, 3].map((ageMs) => {
  const id = newId(now - ageMs);
  createSpool(consults, id, request).recordOutcome(done(id));
  return id;
});
const closed = join(consults, String(ids[0]), "closed");
mkdirSync(closed);
writeFileSync(join(closed, "file"), "");
chmodSync(closed, 0o500);
ledger.addAll(readAllSpools(consults));
let code: string | undefined;
try {
  pruneHistory(consults, ledger, { maxAgeMs: 0, maxBytes: 0 }, now);
} catch (error) {
  code = errorCode(error);
}
const left = readdirSync(consults).map((id) => ids.map(String).indexOf(id));
const rows = ledger.count();
ledger.close();
process.stdout.write(JSON.stringify({ code, left, rows }));
