// Rows from spools: what a lost ledger would have known.

import { expect, test } from "bun:test";
import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markDelivered } from "../../src/consult/custody.ts";
import { outcomeFields, queuedRecord } from "../../src/consult/record.ts";
import { readAllSpools, readSpoolRecord } from "../../src/consult/recover.ts";
import { done, failed, newId, request, run, scene } from "./scene.ts";

const createdMs = 1_700_000_000_000;

test("what was only accepted is queued, since its id was made", async () => {
  await using place = scene();
  const { id } = place.spool(newId(createdMs));
  expect(readSpoolRecord(place.consults, id)).toEqual(
    queuedRecord(id, request, createdMs),
  );
});

test("what was started runs, first without a process and then with it", async () => {
  await using place = scene();
  const spool = place.spool(newId(createdMs));
  spool.recordRun(run);
  const started = {
    ...queuedRecord(spool.id, request, createdMs),
    status: "running" as const,
    started_unix_ms: run.started_unix_ms,
    deadline_unix_ms: run.deadline_unix_ms,
  };
  expect(readSpoolRecord(place.consults, spool.id)).toEqual(started);
  spool.recordRun({ ...run, process: { pid: 42, start_time: "7" } });
  expect(readSpoolRecord(place.consults, spool.id)).toEqual({
    ...started,
    pid: 42,
    process_start_time: "7",
  });
});

test("what has ended has its outcome, and whether it arrived", async () => {
  await using place = scene();
  for (const outcomeOf of [done, failed]) {
    const spool = place.spool();
    const outcome = outcomeOf(spool.id);
    spool.recordRun(run);
    spool.recordOutcome(outcome);
    const { ended_unix_ms: _, ...fields } = outcomeFields(outcome, 0);
    const read = () => readSpoolRecord(place.consults, spool.id);
    expect(read()).toMatchObject({ ...fields, delivered: 0 });
    markDelivered(spool.directory);
    expect(read()).toMatchObject({ ...fields, delivered: 1 });
  }
});

test("what has ended did so when its outcome was written, not when it began", async () => {
  await using place = scene();
  const spool = place.spool(newId(createdMs));
  spool.recordRun(run);
  spool.recordOutcome(done(spool.id));
  const path = join(spool.directory, "outcome.json");
  const endedMs = run.started_unix_ms + 900_000;
  utimesSync(path, endedMs / 1000, endedMs / 1000);
  expect(statSync(path).mtimeMs).toBe(endedMs);
  const row = readSpoolRecord(place.consults, spool.id);
  expect(row?.ended_unix_ms).toBe(endedMs);
});

test("what failed before it was started has an end all the same", async () => {
  await using place = scene();
  const spool = place.spool(newId(createdMs));
  spool.recordOutcome(failed(spool.id));
  const row = readSpoolRecord(place.consults, spool.id);
  expect([row?.status, row?.started_unix_ms]).toEqual(["failed", null]);
  expect(typeof row?.ended_unix_ms).toBe("number");
});

test("what is no spool, or none to be read, makes no row", async () => {
  await using place = scene();
  expect(readSpoolRecord(place.consults, newId())).toBe(undefined);
  const broken = place.spool();
  writeFileSync(join(broken.directory, "request.json"), "{");
  expect(readSpoolRecord(place.consults, broken.id)).toBe(undefined);
  const good = place.spool();
  writeFileSync(join(place.consults, ".c_draft.5"), "");
  expect(
    [...readAllSpools(place.consults)].map((row) => row.consult_id),
  ).toEqual([good.id]);
});

test("where there are no consults there are no rows", async () => {
  await using place = scene();
  expect([...readAllSpools(place.dir.at("none"))]).toEqual([]);
});

test("a spool that cannot be read costs none of the others", async () => {
  await using place = scene();
  const [first, closed, last] = [place.spool(), place.spool(), place.spool()];
  mkdirSync(join(closed.directory, "outcome.json"));
  expect(
    [...readAllSpools(place.consults)].map((row) => row.consult_id).toSorted(),
  ).toEqual([first.id, last.id].toSorted());
});
