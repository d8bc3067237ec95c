// The list as clients see it: a row that says its run is not over is looked behind.

import { expect, test } from "bun:test";
import type { ConsultId } from "../../src/base/ids.ts";
import {
  addOwner,
  claimRun,
  requestCancel,
} from "../../src/consult/custody.ts";
import { type Ledger, openLedger } from "../../src/consult/ledger.ts";
import { listConsults, withTrueStatus } from "../../src/consult/listing.ts";
import type { ConsultStatus } from "../../src/consult/record.ts";
import {
  done,
  failed,
  newId,
  record,
  run,
  type Scene,
  scene,
  self,
} from "./scene.ts";

const createdMs = 1_700_000_000_000;

function list(place: Scene, limit: number, isRunningOnly: boolean) {
  return use(place, (ledger) =>
    listConsults(ledger, {
      consultsDirectory: place.consults,
      limit,
      isRunningOnly,
    }),
  );
}

function use<T>(place: Scene, work: (ledger: Ledger) => T): T {
  const ledger = openLedger(place.ledger);
  try {
    return work(ledger);
  } finally {
    ledger.close();
  }
}

/** A row and a spool of this age, driven by this process or by nobody. */
function enter(
  place: Scene,
  ageMs: number,
  status: ConsultStatus,
  isDriven: boolean,
): ConsultId {
  const spool = place.spool(newId(createdMs - ageMs));
  if (isDriven) claimRun(spool.directory, self);
  use(place, (ledger) => {
    ledger.remove(spool.id);
    ledger.add(
      record({
        consult_id: spool.id,
        status,
        created_unix_ms: createdMs - ageMs,
      }),
    );
  });
  return spool.id;
}

test("a consult is listed with what a caller needs to go on", async () => {
  await using place = scene();
  const row = record({
    status: "done",
    parent_id: "p",
    model: "opus",
    session_id: "s",
    started_unix_ms: createdMs + 5,
    duration_ms: 1.5,
    total_cost_usd: 0.25,
  });
  use(place, (ledger) => ledger.add(row));
  expect(list(place, 5, false)).toEqual([
    {
      consult_id: row.consult_id,
      status: "done",
      prompt_head: "Why?",
      cwd: "/srv/shop",
      model: "opus",
      started_unix_ms: createdMs + 5,
      duration_ms: 1.5,
      session_id: "s",
      total_cost_usd: 0.25,
      parent_id: "p",
    },
  ]);
});

test("what has not started counts from when it was made", async () => {
  await using place = scene();
  use(place, (ledger) => ledger.add(record({ status: "failed" })));
  expect(list(place, 5, false)[0]?.started_unix_ms).toBe(createdMs);
});

test.each([
  ["x".repeat(120), "x".repeat(120)],
  ["x".repeat(121), `${"x".repeat(120)}…`],
  ["x".repeat(5000), `${"x".repeat(120)}…`],
])("long prompts are cut, and say so", async (prompt, head) => {
  await using place = scene();
  use(place, (ledger) => ledger.add(record({ status: "done", prompt })));
  expect(list(place, 1, false)[0]?.prompt_head).toBe(head);
});

test("a prompt is never cut within a character", async () => {
  await using place = scene();
  const prompt = `${"x".repeat(119)}${"🦉".repeat(50)}`;
  use(place, (ledger) => ledger.add(record({ status: "done", prompt })));
  // Half a character is no Unicode: strict readers of JSON refuse the whole line.
  expect(list(place, 1, false)[0]?.prompt_head.isWellFormed()).toBe(true);
});

test("only what somebody drives runs; the rest of it is lost", async () => {
  await using place = scene();
  const driven = enter(place, 1, "running", true);
  const abandoned = enter(place, 2, "running", false);
  const missing = newId(createdMs - 3);
  use(place, (ledger) =>
    ledger.add(
      record({
        consult_id: missing,
        status: "running",
        created_unix_ms: createdMs - 3,
      }),
    ),
  );
  const seen = (isRunningOnly: boolean) =>
    list(place, 5, isRunningOnly).map((row) => [row.consult_id, row.status]);
  expect(seen(false)).toEqual([
    [driven, "running"],
    [abandoned, "lost"],
    [missing, "lost"],
  ]);
  expect(seen(true)).toEqual([[driven, "running"]]);
});

test("what waits for its runner while its owner lives is queued, not lost", async () => {
  await using place = scene(self);
  const spool = place.spool();
  addOwner(spool.directory, self);
  expect(
    withTrueStatus(record({ consult_id: spool.id }), place.consults).status,
  ).toBe("queued");
});

test("what was cancelled before it started is cancelled, not lost", async () => {
  await using place = scene();
  const spool = place.spool();
  requestCancel(spool.directory, "The client cancelled the consult.");
  expect(
    withTrueStatus(record({ consult_id: spool.id }), place.consults).status,
  ).toBe("cancelled");
});

test.each([
  ["done", done],
  ["failed", failed],
] as const)(
  "an end that the row does not know of is seen: %s",
  async (status, outcomeOf) => {
    await using place = scene();
    const spool = place.spool();
    spool.recordRun(run);
    claimRun(spool.directory, self);
    spool.recordOutcome(outcomeOf(spool.id));
    const row = record({ consult_id: spool.id, status: "running" });
    use(place, (ledger) => ledger.add(row));
    expect(list(place, 5, false)).toMatchObject([
      { status, session_id: status === "done" ? "s" : null },
    ]);
    expect(list(place, 5, true)).toEqual([]);
  },
);

test("lost ones take no place from those that run", async () => {
  await using place = scene();
  for (const age of [1, 2, 3]) enter(place, age, "running", false);
  const driven = enter(place, 4, "running", true);
  expect(list(place, 2, true).map((row) => row.consult_id)).toEqual([driven]);
});

test("a row that says it is over is believed", async () => {
  await using place = scene();
  for (const status of ["done", "failed", "cancelled", "lost"] as const) {
    const row = record({ status });
    expect(withTrueStatus(row, place.consults)).toEqual(row);
  }
});
