// Who drives a run: one process at a time, and its successor when it is dead.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  claimRun,
  hasLiveOwner,
  hasLiveRunner,
  readRunner,
} from "../../src/consult/custody.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { race } from "./race.ts";
import { gone, living, self } from "./scene.ts";

const note = (directory: string, number: number, value: unknown) =>
  writeFileSync(
    join(directory, `runner.${number}.json`),
    JSON.stringify(value),
  );

test("a run that nobody drives is had for the asking", async () => {
  await using dir = tempDir();
  expect([readRunner(dir.path), hasLiveRunner(dir.path)]).toEqual([
    undefined,
    false,
  ]);
  expect(claimRun(dir.path, self)).toBe(true);
  expect(readRunner(dir.path)).toEqual({ identity: self, number: 1 });
  expect(hasLiveRunner(dir.path)).toBe(true);
  expect(readdirSync(dir.path)).toEqual(["runner.1.json"]);
  expect(modeOf(dir.at("runner.1.json"))).toBe(0o600);
});

test("a run is not had while its runner lives, and is when it is dead", async () => {
  await using dir = tempDir();
  await using first = living();
  expect(claimRun(dir.path, first.identity)).toBe(true);
  expect(claimRun(dir.path, self)).toBe(false);
  expect(readRunner(dir.path)).toEqual({ identity: first.identity, number: 1 });
  await first.end();
  expect(hasLiveRunner(dir.path)).toBe(false);
  expect(claimRun(dir.path, self)).toBe(true);
  expect(readRunner(dir.path)).toEqual({ identity: self, number: 2 });
  expect(readdirSync(dir.path).toSorted()).toEqual([
    "runner.1.json",
    "runner.2.json",
  ]);
});

test("another process with the number of the dead one is not taken for it", async () => {
  await using dir = tempDir();
  note(dir.path, 1, gone);
  expect(hasLiveRunner(dir.path)).toBe(false);
  expect(claimRun(dir.path, self)).toBe(true);
  expect(readRunner(dir.path)?.number).toBe(2);
});

test("numbers count as numbers: the tenth comes after the ninth", async () => {
  await using dir = tempDir();
  note(dir.path, 9, self);
  note(dir.path, 10, gone);
  expect(readRunner(dir.path)).toEqual({ identity: gone, number: 10 });
  expect(claimRun(dir.path, self)).toBe(true);
  expect(readRunner(dir.path)).toEqual({ identity: self, number: 11 });
});

test.each([[""], ["{"], ["null"], ['{"pid":"1","start_time":"1"}']])(
  "a note of which nothing can be read (%j) holds nothing and is kept",
  async (text) => {
    await using dir = tempDir();
    writeFileSync(dir.at("runner.1.json"), text);
    expect([readRunner(dir.path), hasLiveRunner(dir.path)]).toEqual([
      undefined,
      false,
    ]);
    expect(claimRun(dir.path, self)).toBe(true);
    expect(readRunner(dir.path)).toEqual({ identity: self, number: 2 });
  },
);

test("only whole notes count: no drafts, no other names", async () => {
  await using dir = tempDir();
  for (const name of [
    "runner.x.json",
    "runner.5.json.77.tmp",
    "runner.json",
    ".claim.5",
    "runner.log",
  ]) {
    writeFileSync(dir.at(name), JSON.stringify(self));
  }
  expect(readRunner(dir.path)).toBe(undefined);
  expect(claimRun(dir.path, self)).toBe(true);
  expect(readRunner(dir.path)?.number).toBe(1);
});

test("a claim on a run that is gone is an error and makes nothing", async () => {
  await using dir = tempDir();
  expect(() => claimRun(dir.at("none"), self)).toThrow("ENOENT");
  expect(existsSync(dir.at("none"))).toBe(false);
});

test("a run that is gone has no runner and no owner", async () => {
  await using dir = tempDir();
  const none = dir.at("none");
  // Other processes may forget a consult between two looks at it.
  expect([readRunner(none), hasLiveRunner(none), hasLiveOwner(none)]).toEqual([
    undefined,
    false,
    false,
  ]);
});

const wonSchema = z.array(z.array(z.string()));

test.each([
  ["nobody drove before", undefined, 1],
  ["a dead process drove before", gone, 2],
] as const)(
  "of many processes that want runs that %s, one gets each",
  async (_, before, number) => {
    await using dir = tempDir();
    const runs = Array.from({ length: 200 }, (__, index) => `run-${index}`);
    for (const name of runs) {
      mkdirSync(dir.at(name));
      if (before !== undefined) note(dir.at(name), number - 1, before);
    }
    const won = wonSchema.parse(
      await race("claims-run-fixture.ts", [dir.path], 8),
    );
    const winners = won.flat();
    const hadTwice = winners.filter((name, at) => winners.indexOf(name) !== at);
    expect(hadTwice).toEqual([]);
    expect(winners.toSorted()).toEqual(runs.toSorted());
    expect(
      new Set(runs.map((name) => readRunner(dir.at(name))?.number)),
    ).toEqual(new Set([number]));
  },
);
