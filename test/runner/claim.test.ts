// Many runners want the same runs at the same moment: each run has one.

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../helpers/temp-dir.ts";

const spools = 400;
const claimants = 4;

test("of many that claim a run at once one gets it", async () => {
  await using directory = tempDir();
  mkdirSync(directory.at("spools"));
  for (let number = 0; number < spools; number += 1) {
    mkdirSync(directory.at("spools", String(number)));
  }
  const fixture = join(import.meta.dir, "claims-fixture.ts");
  const go = directory.at("go");
  const children = Array.from({ length: claimants }, () =>
    Bun.spawn([process.execPath, fixture, directory.at("spools"), go], {
      stdin: "pipe",
      stdout: "pipe",
    }),
  );
  const readers = children.map(({ stdout }) => lines(stdout));
  for (const reader of readers)
    expect((await reader.next()).value).toBe("ready");
  writeFileSync(go, "");
  const counts: number[] = [];
  for (const reader of readers)
    counts.push(Number((await reader.next()).value));
  for (const { stdin } of children) void stdin.end();
  await Promise.all(children.map(({ exited }) => exited));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(spools);
});

async function* lines(stream: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
