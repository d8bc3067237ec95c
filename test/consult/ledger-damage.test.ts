// The index is no treasure: whatever happens to its file, what the spools hold is
// found again, and the damaged file is kept for whoever wants to look.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { z } from "zod";
import { type LedgerOptions, openLedger } from "../../src/consult/ledger.ts";
import {
  LedgerTooNewError,
  ledgerVersion,
} from "../../src/consult/ledger-schema.ts";
import { readAllSpools } from "../../src/consult/recover.ts";
import { createRandom } from "../helpers/random.ts";
import { race } from "./race.ts";
import { done, record, run, type Scene, scene } from "./scene.ts";

/** What every process finds there: one consult that is answered, one that is not. */
function withSpools(place: Scene): string[] {
  const answered = place.spool();
  answered.recordRun(run);
  answered.recordOutcome(done(answered.id));
  return [answered.id, place.spool().id].toSorted();
}

function idsIn(options: LedgerOptions): string[] {
  const ledger = openLedger(options);
  try {
    return ledger
      .list({ limit: 1000 })
      .map(({ consult_id }) => String(consult_id))
      .toSorted();
  } finally {
    ledger.close();
  }
}

const damagedNames = (place: Scene) =>
  readdirSync(place.dir.path).filter((name) => name.includes(".damaged-"));

test("a missing file is made again and filled from the spools", async () => {
  await using place = scene();
  const ids = withSpools(place);
  const ledger = openLedger(place.ledger);
  const rows = ledger.list({ limit: 5 });
  ledger.close();
  expect(rows).toContainValues([...readAllSpools(place.consults)]);
  expect(rows.length).toBe(2);
  rmSync(place.ledger.path);
  expect(idsIn(place.ledger)).toEqual(ids);
  expect(damagedNames(place)).toEqual([]);
});

test("without any spool there is nothing to find", async () => {
  await using place = scene();
  rmSync(place.consults, { recursive: true });
  expect(idsIn(place.ledger)).toEqual([]);
});

test("garbage is set aside as it is, and told", async () => {
  await using place = scene();
  const ids = withSpools(place);
  const garbage = "This is no database. ".repeat(500);
  writeFileSync(place.ledger.path, garbage);
  const told: string[] = [];
  const onSetAside = (path: string) => void told.push(path);
  expect(idsIn({ ...place.ledger, onSetAside })).toEqual(ids);
  expect(damagedNames(place).map((name) => place.dir.at(name))).toEqual(told);
  expect(told.length).toBe(1);
  expect(readFileSync(told[0] ?? "", "utf8")).toBe(garbage);
  expect(idsIn({ ...place.ledger, onSetAside })).toEqual(ids);
  expect(told.length).toBe(1);
});

test("an empty file is filled from the spools", async () => {
  await using place = scene();
  const ids = withSpools(place);
  writeFileSync(place.ledger.path, "");
  expect(idsIn(place.ledger)).toEqual(ids);
});

test("a maker that died before the filling leaves nothing behind but work", async () => {
  await using place = scene();
  const ids = withSpools(place);
  const database = new Database(place.ledger.path);
  database.run("PRAGMA journal_mode = WAL");
  database.close();
  expect(idsIn(place.ledger)).toEqual(ids);
});

/** A good file of a few pages, everything in it and nothing in a write-ahead log. */
function wholeFile(place: Scene): Buffer {
  const ledger = openLedger(place.ledger);
  for (let index = 0; index < 30; index += 1) {
    const spool = place.spool();
    ledger.add(record({ consult_id: spool.id }));
  }
  ledger.close();
  const database = new Database(place.ledger.path);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return readFileSync(place.ledger.path);
}

test("a file cut anywhere loses no consult that has a spool", async () => {
  await using place = scene();
  const ids = withSpools(place);
  const whole = wholeFile(place);
  ids.push(...idsIn(place.ledger).filter((id) => !ids.includes(id)));
  const random = createRandom();
  const edges = [1, 15, 16, 50, 63, 99, 100, 107, 108, 511, 512, 1000];
  const pages = Array.from({ length: 12 }, (_, page) => page * 4096);
  const cuts = [
    ...edges,
    ...pages.flatMap((at) => [at - 1, at, at + 1]),
    ...Array.from({ length: 40 }, () => random.below(whole.length)),
    // Here a row is cut in the midst: SQLite reads zeros where the rest is missing.
    ...Array.from({ length: 40 }, (_, step) => whole.length - 4 - 8 * step),
  ].filter((bytes) => bytes > 0 && bytes < whole.length);
  const wrong: unknown[] = [];
  for (const bytes of cuts) {
    for (const suffix of ["-wal", "-shm"]) {
      rmSync(place.ledger.path + suffix, { force: true });
    }
    writeFileSync(place.ledger.path, whole.subarray(0, bytes));
    try {
      const found = idsIn(place.ledger);
      const lost = ids.filter((id) => !found.includes(id)).length;
      if (lost > 0) wrong.push({ bytes, lost });
    } catch (error) {
      wrong.push({ bytes, error: String(error) });
    }
  }
  expect({ seed: random.seed, wrong }).toEqual({
    seed: random.seed,
    wrong: [],
  });
});

test("damage that shows only during work is mended in the midst of it", async () => {
  await using place = scene();
  const whole = wholeFile(place);
  const ids = idsIn(place.ledger);
  // The header and the schema stay: the file opens.
  whole.fill(0xa5, 4096);
  writeFileSync(place.ledger.path, whole);
  const ledger = openLedger(place.ledger);
  const own = record({ request_digest: "new" });
  expect(
    ledger.acceptOrFind(own, {
      answeredSinceUnixMs: 0,
      maxActive: 100,
      isActive: () => true,
    }),
  ).toBe(undefined);
  expect(ledger.count()).toBe(ids.length + 1);
  ledger.close();
  expect(damagedNames(place).length).toBe(1);
});

test("a directory in its place is an error, and stays", async () => {
  await using place = scene();
  withSpools(place);
  mkdirSync(place.ledger.path);
  writeFileSync(place.dir.at("ledger.sqlite", "kept"), "x");
  expect(() => openLedger(place.ledger)).toThrow("unable to open");
  expect(readdirSync(place.ledger.path)).toEqual(["kept"]);
});

test("a file of a later form is refused by name, and stays as it is", async () => {
  await using place = scene();
  openLedger(place.ledger).close();
  const database = new Database(place.ledger.path);
  database.run(`PRAGMA user_version = ${ledgerVersion + 1}`);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const before = readFileSync(place.ledger.path);
  expect(() => openLedger(place.ledger)).toThrow(LedgerTooNewError);
  expect(() => openLedger(place.ledger)).toThrow(
    `the ledger has form ${ledgerVersion + 1}, this phone-opus knows ${ledgerVersion}: update phone-opus`,
  );
  expect(readFileSync(place.ledger.path).equals(before)).toBe(true);
  expect(damagedNames(place)).toEqual([]);
});

const listsSchema = z.array(z.array(z.string()));

test.each([
  ["no file", undefined],
  ["an empty file", ""],
  ["a damaged file", "no database ".repeat(1000)],
])("processes that find %s at once all come to one ledger", async (_, text) => {
  for (let round = 0; round < 2; round += 1) {
    await using place = scene();
    const ids = withSpools(place);
    if (text !== undefined) writeFileSync(place.ledger.path, text);
    const said = await race(
      "asks-ledger-fixture.ts",
      [place.ledger.path, place.consults, "1"],
      6,
    );
    expect(listsSchema.parse(said).map((list) => list.length)).toEqual(
      Array.from({ length: 6 }, () => 1),
    );
    expect(idsIn(place.ledger)).toContainValues(ids);
  }
});
