// What is kept and for how long.

import { expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ConsultId } from "../../src/base/ids.ts";
import { addOwner, claimRun } from "../../src/consult/custody.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import {
  pruneHistory,
  type RetentionLimits,
  selectExpired,
} from "../../src/consult/retention.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { runWithoutRoot } from "../helpers/without-root.ts";
import {
  done,
  failed,
  living,
  newId,
  run,
  type Scene,
  scene,
  self,
} from "./scene.ts";

const now = 1_800_000_000_000;
const dayMs = 86_400_000;

const rows: readonly [
  string,
  RetentionLimits,
  readonly (readonly [ageMs: number, bytes: number])[],
  readonly number[],
][] = [
  ["nothing of nothing", { maxAgeMs: 10, maxBytes: 10 }, [], []],
  ["who is as old as may be", { maxAgeMs: 10, maxBytes: 99 }, [[10, 1]], []],
  ["who is older", { maxAgeMs: 10, maxBytes: 99 }, [[11, 1]], [11]],
  [
    "as much as may be",
    { maxAgeMs: 99, maxBytes: 10 },
    [
      [1, 5],
      [2, 5],
    ],
    [],
  ],
  [
    "the oldest first",
    { maxAgeMs: 99, maxBytes: 10 },
    [
      [2, 6],
      [1, 5],
    ],
    [2],
  ],
  [
    "all behind the one that is too big",
    { maxAgeMs: 99, maxBytes: 10 },
    [
      [3, 1],
      [1, 5],
      [2, 50],
    ],
    [2, 3],
  ],
  ["even the newest if it must", { maxAgeMs: 99, maxBytes: 0 }, [[0, 1]], [0]],
  ["empty ones by age alone", { maxAgeMs: 5, maxBytes: 0 }, [[1, 0]], []],
  ["none from the future", { maxAgeMs: 5, maxBytes: 9 }, [[-1000, 1]], []],
  [
    "by age and size at once",
    { maxAgeMs: 5, maxBytes: 3 },
    [
      [1, 2],
      [2, 2],
      [6, 0],
    ],
    [2, 6],
  ],
];

test.each(rows)("selectExpired: %s", (_, limits, consults, ages) => {
  const kept = consults.map(([ageMs, bytes]) => ({
    id: newId(now - ageMs),
    createdUnixMs: now - ageMs,
    bytes,
  }));
  const expired = selectExpired(kept, limits, now);
  const ageOf = (id: ConsultId) =>
    now - (kept.find((consult) => consult.id === id)?.createdUnixMs ?? 0);
  expect(expired.map(ageOf)).toEqual([...ages]);
});

const month: RetentionLimits = { maxAgeMs: 30 * dayMs, maxBytes: 2 ** 30 };
const nothing: RetentionLimits = { maxAgeMs: 0, maxBytes: 0 };

function prune(place: Scene, limits: RetentionLimits): string[] {
  const ledger = openLedger(place.ledger);
  try {
    return pruneHistory(place.consults, ledger, limits, now).map(String);
  } finally {
    ledger.close();
  }
}

function listed(place: Scene): string[] {
  const ledger = openLedger(place.ledger);
  try {
    return ledger.list({ limit: 100 }).map((row) => String(row.consult_id));
  } finally {
    ledger.close();
  }
}

test("what is over and too old goes, with its row; what is younger stays", async () => {
  await using place = scene();
  const [old, young] = [31, 29].map((days) => {
    const spool = place.spool(newId(now - days * dayMs));
    spool.recordOutcome(done(spool.id));
    return String(spool.id);
  });
  expect(listed(place).length).toBe(2);
  expect(prune(place, month)).toEqual([String(old)]);
  expect([readdirSync(place.consults), listed(place)]).toEqual([
    [String(young)],
    [String(young)],
  ]);
});

test("the size is that of everything in the spools", async () => {
  await using place = scene();
  const [older, newer] = [2, 1].map((hours) => {
    const spool = place.spool(newId(now - hours * 3_600_000));
    spool.recordOutcome(failed(spool.id));
    writeFileSync(spool.stdoutPath, "x".repeat(60_000));
    return String(spool.id);
  });
  expect(prune(place, { ...month, maxBytes: 100_000 })).toEqual([
    String(older),
  ]);
  expect(readdirSync(place.consults)).toEqual([String(newer)]);
});

test("what runs is never removed, however old and big, nor counted", async () => {
  await using place = scene();
  const running = place.spool(newId(now - 1000 * dayMs));
  running.recordRun(run);
  claimRun(running.directory, self);
  writeFileSync(running.stdoutPath, "x".repeat(200_000));
  const starting = place.spool(newId(now - 1000 * dayMs));
  claimRun(starting.directory, self);
  const over = place.spool(newId(now - dayMs));
  over.recordOutcome(done(over.id));
  expect(prune(place, { ...month, maxBytes: 100_000 })).toEqual([]);
  expect(prune(place, nothing)).toEqual([String(over.id)]);
  expect(readdirSync(place.consults).toSorted()).toEqual(
    [running.id, starting.id].map(String).toSorted(),
  );
});

test("a run whose runner died is not over: it may still be adopted", async () => {
  await using place = scene();
  const spool = place.spool(newId(now - 1000 * dayMs));
  spool.recordRun(run);
  expect(prune(place, nothing)).toEqual([]);
  expect(spool.exists()).toBe(true);
});

test("what was accepted this moment and waits for its runner is not over", async () => {
  await using place = scene();
  const spool = place.spool(newId(now - 5));
  addOwner(spool.directory, self);
  expect(prune(place, { ...month, maxBytes: 0 })).toEqual([]);
  expect(spool.exists()).toBe(true);
});

test("an answer goes when nobody waits for it any more, and not before", async () => {
  await using place = scene();
  await using host = living();
  const spool = place.spool(newId(now - 31 * dayMs));
  addOwner(spool.directory, host.identity);
  spool.recordOutcome(done(spool.id));
  expect(prune(place, nothing)).toEqual([]);
  expect(spool.readOutcome()).toEqual(done(spool.id));
  await host.end();
  expect(prune(place, nothing)).toEqual([String(spool.id)]);
});

test("one that cannot be removed is told, and in nobody's way", async () => {
  await using dir = tempDir();
  chmodSync(dir.path, 0o777);
  const fixture = join(import.meta.dir, "prunes-history-fixture.ts");
  expect(await runWithoutRoot(fixture, [dir.path])).toEqual({
    code: "EACCES",
    left: [0],
    rows: 1,
  });
});

test("one that cannot be read is told, and in nobody's way", async () => {
  await using place = scene();
  const spools = [1, 2, 3, 4].map((days) =>
    place.spool(newId(now - days * dayMs)),
  );
  for (const [index, spool] of spools.entries()) {
    if (index > 1) spool.recordOutcome(done(spool.id));
    else mkdirSync(join(spool.directory, "outcome.json"));
  }
  expect(() => prune(place, nothing)).toThrow("EISDIR");
  expect(readdirSync(place.consults).toSorted()).toEqual(
    spools
      .slice(0, 2)
      .map(({ id }) => String(id))
      .toSorted(),
  );
});

test("what never started and nobody waits for goes when it is old", async () => {
  await using place = scene();
  const { id } = place.spool(newId(now - 31 * dayMs));
  expect(prune(place, month)).toEqual([String(id)]);
});

test("drafts of dead makers go after an hour, and not before", async () => {
  await using place = scene();
  const draft = (unixMs: number) => {
    const name = `.${newId()}.4242`;
    mkdirSync(join(place.consults, name));
    writeFileSync(join(place.consults, name, "request.json"), "{}");
    utimesSync(join(place.consults, name), unixMs / 1000, unixMs / 1000);
    return name;
  };
  draft(now - 3_600_001);
  const young = draft(now - 3_599_000);
  expect(prune(place, nothing)).toEqual([]);
  expect(readdirSync(place.consults)).toEqual([young]);
});

test("what is neither consult nor draft is somebody else's, and stays", async () => {
  await using place = scene();
  const path = join(place.consults, "notes-of-the-user.md");
  writeFileSync(path, "x");
  utimesSync(path, 5, 5);
  prune(place, nothing);
  expect(readdirSync(place.consults)).toEqual(["notes-of-the-user.md"]);
});

test("where there are no consults nothing is removed", async () => {
  await using place = scene();
  const ledger = openLedger(place.ledger);
  expect(pruneHistory(place.dir.at("none"), ledger, nothing, now)).toEqual([]);
  ledger.close();
});
