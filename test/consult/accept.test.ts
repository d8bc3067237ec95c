// Taking a consult into custody: a spool, an owner, a row, and the same question twice.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Accepted,
  acceptConsult,
  attach,
  withLedger,
} from "../../src/consult/accept.ts";
import { claimRun, hasLiveOwner } from "../../src/consult/custody.ts";
import { queuedRecord } from "../../src/consult/record.ts";
import { fakeClockStartUnixMs } from "../helpers/clock.ts";
import { done, newId, request, type Scene, scene, self } from "./scene.ts";

const told = ({ consultId, spool, isAttached }: Accepted) => ({
  consultId,
  directory: spool.directory,
  isAttached,
});

const at = (
  place: Scene,
  consultId: Accepted["consultId"],
  isAttached: boolean,
) => ({
  consultId,
  directory: join(place.consults, consultId),
  isAttached,
});

const rowsOf = (place: Scene) =>
  withLedger(place.options, (ledger) => ledger.list({ limit: 100 })) ?? [];

test("a question that is new gets a spool, an owner and a row", async () => {
  await using place = scene(self);
  expect(rowsOf(place)).toEqual([]);
  const id = newId();
  const accepted = acceptConsult(place.options, id, request, false);
  expect(told(accepted)).toEqual(at(place, id, false));
  expect(accepted.spool.readRequest()).toEqual(request);
  expect(readdirSync(accepted.spool.directory).toSorted()).toEqual([
    `owner.${self.pid}.json`,
    "request.json",
  ]);
  expect(rowsOf(place)).toEqual([
    {
      ...queuedRecord(id, request, fakeClockStartUnixMs),
      owner_pid: self.pid,
      owner_start_time: self.start_time,
    },
  ]);
  expect(place.logged).toEqual([]);
});

test("the row that makes the ledger knows its owner too", async () => {
  await using place = scene(self);
  acceptConsult(place.options, newId(), request, false);
  expect(rowsOf(place)[0]?.owner_pid).toBe(self.pid);
});

test("nobody ever sees a new spool without its owner", async () => {
  await using place = scene(self);
  const count = 200;
  const options = { ...place.options, maxQueued: count };
  const fixture = join(import.meta.dir, "watches-accepted-fixture.ts");
  await using watcher = Bun.spawn(
    [process.execPath, fixture, place.consults, String(count)],
    { stdin: "ignore", stderr: "inherit" },
  );
  const output = watcher.stdout.getReader();
  await output.read();
  for (let index = 0; index < count; index += 1) {
    acceptConsult(options, newId(), request, true);
  }
  const told = await output.read();
  expect(Buffer.from(told.value ?? []).toString()).toBe("0\n");
});

test("without an owner nobody is written down", async () => {
  await using place = scene();
  const id = newId();
  const { spool } = acceptConsult(place.options, id, request, false);
  expect([readdirSync(spool.directory), hasLiveOwner(spool.directory)]).toEqual(
    [["request.json"], false],
  );
  expect(rowsOf(place)[0]?.owner_pid).toBe(null);
});

test.each([
  ["before its runner began", false],
  ["while its runner drives it", true],
])("the same call again, %s, is the same consult", async (_, isDriven) => {
  await using place = scene(self);
  const id = newId();
  const first = acceptConsult(place.options, id, request, false);
  if (isDriven) claimRun(first.spool.directory, self);
  place.clock.advance(50);
  const again = acceptConsult(place.options, id, request, false);
  expect(told(again)).toEqual(at(place, id, false));
  expect(rowsOf(place).length).toBe(1);
  expect(readdirSync(place.consults)).toEqual([String(id)]);
});

test("a call whose first acceptance made a spool but no row is entered", async () => {
  await using place = scene(self);
  const { id } = place.spool();
  expect(told(acceptConsult(place.options, id, request, false))).toEqual(
    at(place, id, false),
  );
  expect(rowsOf(place).map((row) => row.consult_id)).toEqual([id]);
});

test("the same question while the first one runs is attached to it", async () => {
  await using place = scene(self);
  const [id, other] = [newId(), newId()];
  const first = acceptConsult(place.options, id, request, false);
  claimRun(first.spool.directory, self);
  const second = acceptConsult(place.options, other, request, false);
  expect(told(second)).toEqual(at(place, id, true));
  // Nothing of its own is left.
  expect(readdirSync(place.consults)).toEqual([String(id)]);
  expect(rowsOf(place).map((row) => row.consult_id)).toEqual([id]);
  expect(hasLiveOwner(first.spool.directory)).toBe(true);
});

test("another question, or a fresh one, has a run of its own", async () => {
  await using place = scene(self);
  acceptConsult(place.options, newId(), request, false);
  const others = [
    acceptConsult(place.options, newId(), { ...request, model: "opus" }, false),
    acceptConsult(place.options, newId(), request, true),
  ];
  expect(others.map(({ isAttached }) => isAttached)).toEqual([false, false]);
  expect(rowsOf(place).length).toBe(3);
});

test("a fresh call asked again after its worker died is the same consult", async () => {
  await using place = scene(self);
  acceptConsult(place.options, newId(), request, false);
  const id = newId();
  acceptConsult(place.options, id, request, true);
  expect(told(acceptConsult(place.options, id, request, true))).toEqual(
    at(place, id, false),
  );
});

test("a row without a spool means nothing: the question is asked again", async () => {
  await using place = scene(self);
  const earlier = newId();
  withLedger(place.options, (ledger) =>
    ledger.add(queuedRecord(earlier, request, fakeClockStartUnixMs - 5)),
  );
  const id = newId();
  expect(told(acceptConsult(place.options, id, request, false))).toEqual(
    at(place, id, false),
  );
  expect(rowsOf(place).map((row) => row.consult_id)).toEqual([id]);
  expect(place.logged).toEqual([]);
});

test("a ledger that cannot be used is logged, and the consult goes on", async () => {
  await using place = scene(self);
  const ledger = { ...place.ledger, path: place.dir.path };
  const options = { ...place.options, ledger };
  const ids = [newId(), newId()];
  for (const id of ids) {
    const accepted = acceptConsult(options, id, request, false);
    expect(told(accepted)).toEqual(at(place, id, false));
    expect(hasLiveOwner(accepted.spool.directory)).toBe(true);
  }
  expect(place.logged.length).toBe(2);
  for (const line of place.logged) {
    expect(line).toStartWith(`the ledger ${place.dir.path} was not used: `);
  }
  // Found by its spool as soon as there is a ledger again.
  expect(
    rowsOf(place)
      .map((row) => String(row.consult_id))
      .toSorted(),
  ).toEqual(ids.map(String).toSorted());
});

test("a disk that refuses is an error that leaves nothing", async () => {
  await using place = scene(self);
  const ledger = { ...place.ledger, consultsDirectory: place.dir.at("file") };
  writeFileSync(place.dir.at("file"), "x");
  const options = { ...place.options, ledger };
  expect(() => acceptConsult(options, newId(), request, false)).toThrow(
    "EEXIST",
  );
  expect([rowsOf(place), readdirSync(place.consults)]).toEqual([[], []]);
});

test("attach makes the caller an owner of whatever is there", async () => {
  await using place = scene(self);
  const spool = place.spool();
  const attached = attach(place.options, spool.id, spool, true);
  expect(told(attached)).toEqual(at(place, spool.id, true));
  expect(hasLiveOwner(spool.directory)).toBe(true);
});

test("an answer that is there can be had on a full disk, a run not be owned", async () => {
  await using place = scene(self);
  const spool = place.spool();
  mkdirSync(join(spool.directory, `owner.${self.pid}.json.${process.pid}.tmp`));
  expect(() => attach(place.options, spool.id, spool, true)).toThrow();
  spool.recordOutcome(done(spool.id));
  const attached = attach(place.options, spool.id, spool, true);
  expect(told(attached)).toEqual(at(place, spool.id, true));
});

test("withLedger gives what was done, and nothing when it could not be", async () => {
  await using place = scene();
  expect(withLedger(place.options, (ledger) => ledger.count())).toBe(0);
  const failing = withLedger(place.options, () => {
    throw new Error("no luck");
  });
  expect(failing).toBe(undefined);
  expect(place.logged).toEqual([
    `the ledger ${place.ledger.path} was not used: no luck`,
  ]);
});
