// The index over all consults: what is entered is found, the same request once.

import { expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { z } from "zod";
import { type Ledger, openLedger } from "../../src/consult/ledger.ts";
import type { ConsultRecord } from "../../src/consult/record.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { race } from "./race.ts";
import { newId, record, scene } from "./scene.ts";

const hourMs = 3_600_000;
const now = 1_700_000_000_000;

async function withLedger(use: (ledger: Ledger) => void): Promise<void> {
  await using place = scene();
  const ledger = openLedger(place.ledger);
  try {
    use(ledger);
  } finally {
    ledger.close();
  }
}

test("a row is read back as it was, and by whoever opens the file next", async () => {
  await using place = scene();
  const rows = [
    record(),
    record({
      parent_id: "p",
      status: "done",
      prompt: "é\0🦉\n".repeat(200),
      model: "opus",
      session_id: "s",
      owner_pid: 1,
      owner_start_time: "2",
      pid: 3,
      process_start_time: "4",
      started_unix_ms: now + 5,
      ended_unix_ms: now + 6,
      deadline_unix_ms: now + 7,
      duration_ms: 1.5,
      total_cost_usd: 0.25,
      num_turns: 8,
      fault: "{}",
      delivered: 1,
    }),
  ];
  const first = openLedger(place.ledger);
  for (const row of rows) first.add(row);
  first.close();
  const second = openLedger(place.ledger);
  expect(rows.map(({ consult_id }) => second.get(consult_id))).toEqual(rows);
  expect([second.count(), second.get(newId())]).toEqual([2, undefined]);
  second.close();
});

test("the file is nobody else's business", async () => {
  await using dir = tempDir();
  const path = dir.at("state", "ledger.sqlite");
  const consultsDirectory = dir.at("state", "consults");
  const before = process.umask(0o022);
  try {
    const ledger = openLedger({ path, consultsDirectory });
    ledger.add(record());
    expect(modeOf(dir.at("state"))).toBe(0o700);
    for (const suffix of ["", "-wal", "-shm"]) {
      expect(modeOf(path + suffix)).toBe(0o600);
    }
    ledger.close();
    // One that an older version made.
    chmodSync(path, 0o644);
    openLedger({ path, consultsDirectory }).close();
    expect(modeOf(path)).toBe(0o600);
  } finally {
    process.umask(before);
  }
});

test.each([1, 10_000])(
  "nothing of a row of %i words is left in the file once it is removed",
  async (words) => {
    await using place = scene();
    const row = record({ prompt: "a-secret-word ".repeat(words) });
    const ledger = openLedger(place.ledger);
    ledger.add(record());
    ledger.add(row);
    ledger.close();
    const holds = () =>
      readFileSync(place.ledger.path).includes("a-secret-word");
    expect(holds()).toBe(true);
    const again = openLedger(place.ledger);
    again.update(row.consult_id, { status: "done", fault: "x".repeat(2000) });
    again.remove(row.consult_id);
    again.close();
    expect(holds()).toBe(false);
  },
);

test("a row that is there stays as it is when it is added again", () =>
  withLedger((ledger) => {
    const row = record({ status: "running" });
    ledger.add(row);
    ledger.add({ ...row, status: "queued", pid: 5 });
    expect([ledger.count(), ledger.get(row.consult_id)]).toEqual([1, row]);
  }));

test("many rows are added at once, all or none", () =>
  withLedger((ledger) => {
    const rows = [record(), record(), record()];
    expect(() =>
      ledger.addAll(
        (function* () {
          yield* rows;
          throw new Error("no more");
        })(),
      ),
    ).toThrow("no more");
    expect(ledger.count()).toBe(0);
    ledger.addAll(rows.slice(1));
    ledger.addAll(rows);
    expect(ledger.list({ limit: 5 })).toContainValues(rows);
    expect(ledger.count()).toBe(3);
  }));

test("update changes the named fields of the one row", () =>
  withLedger((ledger) => {
    const rows = [record(), record()];
    for (const row of rows) ledger.add(row);
    const [first, second] = rows.map(({ consult_id }) => consult_id);
    if (first === undefined || second === undefined) throw new Error("no rows");
    ledger.update(first, { status: "done", total_cost_usd: null, pid: 7 });
    ledger.update(first, {});
    ledger.update(newId(), { status: "lost" });
    expect([ledger.get(first), ledger.get(second), ledger.count()]).toEqual([
      { ...record(rows[0]), status: "done", pid: 7 },
      rows[1],
      2,
    ]);
  }));

test("what is removed is gone, and may be removed again", () =>
  withLedger((ledger) => {
    const rows = [record(), record()];
    for (const row of rows) ledger.add(row);
    for (const _ of [1, 2]) ledger.remove(record(rows[0]).consult_id);
    expect(ledger.list({ limit: 5 })).toEqual(rows.slice(1));
  }));

test("the list is newest first and ends at its limit", () =>
  withLedger((ledger) => {
    const rows = [3, 1, 2].map((age) => record({ created_unix_ms: now - age }));
    for (const row of rows) ledger.add(row);
    const ages = (limit: number) =>
      ledger.list({ limit }).map((row) => now - row.created_unix_ms);
    expect([ages(10), ages(2), ages(0)]).toEqual([[1, 2, 3], [1, 2], []]);
  }));

test("the list holds the wanted states alone", () =>
  withLedger((ledger) => {
    const statuses = ["queued", "running", "done", "failed", "lost"] as const;
    for (const status of statuses) ledger.add(record({ status }));
    const list = (wanted?: readonly ConsultRecord["status"][]) =>
      ledger
        .list({ limit: 10, ...(wanted && { statuses: wanted }) })
        .map(({ status }) => status)
        .toSorted();
    expect([list(), list(["queued", "running"]), list([])]).toEqual([
      statuses.toSorted(),
      ["queued", "running"],
      [],
    ]);
  }));

test("a list shows the beginnings of prompts, a single row the whole", () =>
  withLedger((ledger) => {
    const prompt = "🦉".repeat(5000);
    const row = record({ prompt });
    ledger.add(row);
    expect(ledger.list({ limit: 1 })[0]?.prompt).toBe("🦉".repeat(500));
    expect(ledger.get(row.consult_id)?.prompt).toBe(prompt);
  }));

const since = now - hourMs;
const limits = {
  answeredSinceUnixMs: since,
  maxActive: 100,
  isActive: () => true,
};
const ended = { status: "done", ended_unix_ms: since } as const;

const attachable: readonly [string, Partial<ConsultRecord>, boolean][] = [
  ["is queued", { status: "queued" }, true],
  ["runs", { status: "running" }, true],
  ["runs since long ago", { status: "running", created_unix_ms: 5 }, true],
  ["was answered at the edge of the window, undelivered", ended, true],
  [
    "was answered before the window, undelivered",
    { ...ended, ended_unix_ms: since - 1 },
    false,
  ],
  [
    "was answered in the window and delivered",
    { ...ended, ended_unix_ms: now, delivered: 1 },
    false,
  ],
  ["failed", { ...ended, status: "failed" }, false],
  ["was cancelled", { ...ended, status: "cancelled" }, false],
  ["is lost", { ...ended, status: "lost" }, false],
  [
    "runs, but asks something else",
    { status: "running", request_digest: "other" },
    false,
  ],
];

test.each(attachable)("the same request that %s", (_, changes, isFound) =>
  withLedger((ledger) => {
    const earlier = record(changes);
    ledger.add(earlier);
    const own = record();
    expect(ledger.acceptOrFind(own, limits)).toEqual(
      isFound ? earlier : undefined,
    );
    expect([ledger.count(), ledger.get(own.consult_id)]).toEqual(
      isFound ? [1, undefined] : [2, own],
    );
  }),
);

test("the newest of several that would do is found", () =>
  withLedger((ledger) => {
    const rows = [2, 1, 3].map((age) =>
      record({ status: "running", created_unix_ms: now - age }),
    );
    for (const row of rows) ledger.add(row);
    expect(ledger.acceptOrFind(record(), limits)).toEqual(rows[1]);
  }));

test("a consult does not find itself, and has one row however often it asks", () =>
  withLedger((ledger) => {
    const own = record();
    expect(ledger.acceptOrFind(own, limits)).toBe(undefined);
    ledger.update(own.consult_id, { status: "running" });
    expect(ledger.acceptOrFind(own, limits)).toBe(undefined);
    expect(ledger.list({ limit: 5 })).toEqual([{ ...own, status: "running" }]);
  }));

const choicesSchema = z.array(z.array(z.string()));

test("processes that ask the same at once all get one and the same run", async () => {
  await using place = scene();
  const said = await race(
    "asks-ledger-fixture.ts",
    [place.ledger.path, place.consults, "40"],
    8,
  );
  const [first, ...others] = choicesSchema.parse(said);
  for (const other of others) expect(other).toEqual(first ?? []);
  const ledger = openLedger(place.ledger);
  const ids = ledger.list({ limit: 1000 }).map(({ consult_id }) => consult_id);
  ledger.close();
  expect(ids.map(String).toSorted()).toEqual(first?.toSorted() ?? []);
});
