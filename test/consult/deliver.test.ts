// After the answer has arrived: marked, or forgotten where no history is kept.

import { expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import type { ConsultId } from "../../src/base/ids.ts";
import { acceptConsult, withLedger } from "../../src/consult/accept.ts";
import { addOwner, wasDelivered } from "../../src/consult/custody.ts";
import { concludeDelivery } from "../../src/consult/deliver.ts";
import { done, living, newId, request, type Scene, scene } from "./scene.ts";

function answered(place: Scene) {
  const { spool, consultId } = acceptConsult(
    place.options,
    newId(),
    request,
    false,
  );
  spool.recordOutcome(done(consultId));
  return { ...spool, id: consultId };
}

/** To the one whom the scene's consults are for. */
function conclude(
  { options }: Pick<Scene, "options">,
  id: ConsultId,
  keepsHistory: boolean,
): void {
  const owner = { pid: 1, start_time: "of the one who has it now" };
  concludeDelivery(options, id, { owner, keepsHistory });
}

const rowsOf = (place: Scene) =>
  withLedger(place.options, (ledger) =>
    ledger.list({ limit: 5 }).map((row) => [row.consult_id, row.delivered]),
  );

test("with history the answer stays, marked in spool and row", async () => {
  await using place = scene();
  const spool = answered(place);
  expect([wasDelivered(spool.directory), rowsOf(place)]).toEqual([
    false,
    [[spool.id, 0]],
  ]);
  for (const _ of [1, 2]) conclude(place, spool.id, true);
  expect([wasDelivered(spool.directory), rowsOf(place)]).toEqual([
    true,
    [[spool.id, 1]],
  ]);
  expect(spool.readOutcome()).toEqual(done(spool.id));
  expect(place.logged).toEqual([]);
});

test("without history nothing stays, of this consult alone", async () => {
  await using place = scene();
  const spool = answered(place);
  const other = acceptConsult(place.options, newId(), request, true);
  for (const _ of [1, 2]) conclude(place, spool.id, false);
  expect([existsSync(spool.directory), rowsOf(place)]).toEqual([
    false,
    [[other.consultId, 0]],
  ]);
  expect(other.spool.exists()).toBe(true);
  expect(place.logged).toEqual([]);
});

test("without history an answer stays for another who still waits for it", async () => {
  await using place = scene();
  await using other = living();
  const spool = answered(place);
  addOwner(spool.directory, other.identity);
  conclude(place, spool.id, false);
  expect(spool.readOutcome()).toEqual(done(spool.id));
});

test("a consult that never had a spool is nothing to conclude", async () => {
  await using place = scene();
  const id = newId();
  for (const keeps of [true, false]) conclude(place, id, keeps);
  expect([existsSync(place.ledger.path), place.logged]).toEqual([false, []]);
});

test("a ledger that cannot be used is logged, and the mark is made", async () => {
  await using place = scene();
  const spool = answered(place);
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(place.ledger.path + suffix, { force: true });
  }
  const ledger = { ...place.ledger, path: place.dir.path };
  conclude({ ...place, options: { ...place.options, ledger } }, spool.id, true);
  expect(wasDelivered(spool.directory)).toBe(true);
  expect(place.logged.length).toBe(1);
  // The row is made from the spool, with the mark.
  expect(rowsOf(place)).toEqual([[spool.id, 1]]);
});
