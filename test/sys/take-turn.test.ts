// Work that only one of many processes has to do, and only now and then.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { takeTurn } from "../../src/sys/files.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";

const hourMs = 3_600_000;

test("the first one gets a turn, and nobody after it for that long", async () => {
  await using dir = tempDir();
  const now = Date.now();
  expect([1, 2, 3].map(() => takeTurn(dir.at("stamp"), now, hourMs))).toEqual([
    true,
    false,
    false,
  ]);
  expect(modeOf(dir.at("stamp"))).toBe(0o600);
});

test("the next turn comes when the time is over, and not before", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("stamp"), "");
  const stamp = 1_700_000_000_000;
  const at = (nowMs: number) => {
    utimesSync(dir.at("stamp"), stamp / 1000, stamp / 1000);
    return takeTurn(dir.at("stamp"), nowMs, hourMs);
  };
  expect([
    at(stamp),
    at(stamp + hourMs - 1),
    at(stamp + hourMs),
    at(stamp + 10 * hourMs),
  ]).toEqual([false, false, true, true]);
});

test("a stamp of a clock that was far ahead holds nobody back", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("stamp"), "");
  const now = Date.now();
  utimesSync(dir.at("stamp"), now / 1000 + 10 ** 8, now / 1000 + 10 ** 8);
  expect(takeTurn(dir.at("stamp"), now, hourMs)).toBe(true);
  expect(takeTurn(dir.at("stamp"), now, hourMs)).toBe(false);
});

test("a turn that is taken sets the clock anew", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("stamp"), "");
  utimesSync(dir.at("stamp"), 5, 5);
  const now = Date.now();
  expect(takeTurn(dir.at("stamp"), now, hourMs)).toBe(true);
  expect(takeTurn(dir.at("stamp"), now + hourMs / 2, hourMs)).toBe(false);
});

test("where no stamp can be made nobody has a turn, and nothing is thrown", async () => {
  await using dir = tempDir();
  mkdirSync(dir.at("taken"));
  writeFileSync(dir.at("taken", "x"), "");
  utimesSync(dir.at("taken"), 5, 5);
  const now = Date.now();
  expect([
    takeTurn(dir.at("none", "stamp"), now, hourMs),
    takeTurn(dir.at("taken"), now, hourMs),
  ]).toEqual([false, false]);
  expect(existsSync(dir.at("none"))).toBe(false);
});
