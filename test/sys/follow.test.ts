// Following a growing file: every byte, in order, once, until it is closed.

import { expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { followFile } from "../../src/sys/follow.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { createRandom } from "../helpers/random.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";

function follow(path: string) {
  const clock = createFakeClock();
  const chunks: Buffer[] = [];
  const follower = followFile({
    path,
    clock,
    // Copied: the bytes are only valid during the call.
    onData: (bytes) => chunks.push(Buffer.from(bytes)),
  });
  return {
    clock,
    drain: () => follower.drain(),
    close: () => follower.close(),
    bytes: () => Buffer.concat(chunks),
    text: () => Buffer.concat(chunks).toString(),
    [Symbol.asyncDispose]: async () => follower.close(),
  };
}

test("what is there already comes first, from its first byte", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "already here");
  await using following = follow(dir.at("file"));
  await until("it was read", () => following.text() === "already here");
});

test("what is appended later arrives without anybody asking", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "");
  await using following = follow(dir.at("file"));
  appendFileSync(dir.at("file"), "one ");
  await until("one was read", () => following.text() === "one ");
  // Bun drops an event that comes within two milliseconds of the one before.
  await until("more was read", () => {
    appendFileSync(dir.at("file"), "more ");
    return following.text().startsWith("one more ");
  });
});

test("the tick alone reads what was appended", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "one ");
  await using following = follow(dir.at("file"));
  await following.drain();
  appendFileSync(dir.at("file"), "two ");
  following.clock.advance(250);
  // One turn of the event loop at most: no watch event is needed.
  await new Promise((resolve) => setImmediate(resolve));
  expect(following.text()).toBe("one two ");
});

test("drain has read everything that was written before it", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "");
  await using following = follow(dir.at("file"));
  let expected = "";
  for (let round = 0; round < 200; round += 1) {
    appendFileSync(dir.at("file"), `${round} `);
    expected += `${round} `;
    await following.drain();
    expect(following.text()).toBe(expected);
  }
});

test("drain reads what is written while another drain is under way", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), Buffer.alloc(3 << 20, "a"));
  let text = "";
  const follower = followFile({
    path: dir.at("file"),
    clock: createFakeClock(),
    onData: (bytes) => {
      if (text === "") appendFileSync(dir.at("file"), "end");
      text += Buffer.from(bytes).toString();
    },
  });
  await Promise.all([follower.drain(), follower.drain()]);
  follower.close();
  expect(text.length).toBe((3 << 20) + 3);
  expect(text.slice(-4)).toBe("aend");
});

test("10 MB come whole and in order, and others get their turns meanwhile", async () => {
  await using dir = tempDir();
  const random = createRandom();
  const bytes = Buffer.from(
    Uint32Array.from({ length: 2_500_000 }, () => random.below(2 ** 32)).buffer,
  );
  writeFileSync(dir.at("file"), bytes);
  await using following = follow(dir.at("file"));
  let turns = 0;
  let isDrained = false;
  const others = (async () => {
    while (!isDrained) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
  })();
  await following.drain();
  isDrained = true;
  await others;
  expect(following.bytes().equals(bytes)).toBe(true);
  expect(turns).toBeGreaterThanOrEqual(9);
});

test("after close nothing is read and no timer is left", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "one ");
  const following = follow(dir.at("file"));
  await following.drain();
  following.close();
  appendFileSync(dir.at("file"), "two ");
  following.clock.advance(10_000);
  await following.drain();
  expect(following.text()).toBe("one ");
  expect(following.clock.pending()).toBe(0);
});

test("closing while reading stops after the chunk, and twice does no harm", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), Buffer.alloc(3 << 20, "a"));
  let bytesRead = 0;
  const follower = followFile({
    path: dir.at("file"),
    clock: createFakeClock(),
    onData: (bytes) => {
      bytesRead += bytes.length;
      follower.close();
    },
  });
  await follower.drain();
  follower.close();
  expect(bytesRead).toBe(1 << 20);
});

test("a file that is not there is an error", async () => {
  await using dir = tempDir();
  const clock = createFakeClock();
  expect(() =>
    followFile({ path: dir.at("none"), clock, onData: () => {} }),
  ).toThrow("ENOENT");
  expect(clock.pending()).toBe(0);
});
