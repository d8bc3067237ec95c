// Whether another binary lies where this host was started from, and whether that place
// is one that lasts.

import { describe, expect, test } from "bun:test";
import {
  copyFile,
  mkdtemp,
  rename,
  rm,
  utimes,
  writeFile,
} from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { launchBinary } from "../../src/host/binary.ts";

async function directory() {
  const path = await mkdtemp(join(tmpdir(), "phone-opus-binary-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

describe("a binary", () => {
  test("is not replaced while nothing happens to it", async () => {
    await using place = await directory();
    const path = join(place.path, "phone-opus");
    await writeFile(path, "one");
    const binary = launchBinary(path);
    expect(binary.path).toBe(path);
    expect(binary.isReplaced()).toBe(false);
  });

  test("is replaced by a rename over it, even of the same bytes and time", async () => {
    await using place = await directory();
    const path = join(place.path, "phone-opus");
    await writeFile(path, "one");
    await utimes(path, 1000, 1000);
    const binary = launchBinary(path);
    await copyFile(path, `${path}.new`);
    await utimes(`${path}.new`, 1000, 1000);
    await rename(`${path}.new`, path);
    expect(binary.isReplaced()).toBe(true);
  });

  test("is replaced when its modification time changes", async () => {
    await using place = await directory();
    const path = join(place.path, "phone-opus");
    await writeFile(path, "one");
    await utimes(path, 1000, 1000);
    const binary = launchBinary(path);
    await utimes(path, 1000, 1001);
    expect(binary.isReplaced()).toBe(true);
    await utimes(path, 1000, 1000);
    expect(binary.isReplaced()).toBe(false);
  });

  test("is replaced when its length changes", async () => {
    await using place = await directory();
    const path = join(place.path, "phone-opus");
    await writeFile(path, "one");
    await utimes(path, 1000, 1000);
    const binary = launchBinary(path);
    await writeFile(path, "three");
    await utimes(path, 1000, 1000);
    expect(binary.isReplaced()).toBe(true);
  });

  test("that is gone is not replaced, and is once another stands there", async () => {
    await using place = await directory();
    const path = join(place.path, "phone-opus");
    await writeFile(path, "one");
    const binary = launchBinary(path);
    await rename(path, `${path}.old`);
    expect(binary.isReplaced()).toBe(false);
    await writeFile(path, "two");
    expect(binary.isReplaced()).toBe(true);
  });

  test("that never was there is never replaced", async () => {
    await using place = await directory();
    const path = join(place.path, "phone-opus");
    const binary = launchBinary(path);
    await writeFile(path, "one");
    expect(binary.isReplaced()).toBe(false);
  });
});

test.each([
  ["/usr/local/bin/phone-opus", true],
  ["/opt/phone-opus/bin/phone-opus", true],
  [`${homedir()}/.local/bin/phone-opus`, true],
  [`${homedir()}/code/phone-opus/dist/phone-opus`, false],
  [`${homedir()}/code/phone-opus/build/phone-opus`, false],
  ["/srv/target/release/phone-opus", false],
  ["/srv/node_modules/.bin/phone-opus", false],
  ["/tmp/phone-opus", false],
  ["/var/tmp/phone-opus", false],
  [`${tmpdir()}/deep/down/phone-opus`, false],
  ["/tmporary/phone-opus", true],
  ["/srv/distance/phone-opus", true],
])("the launch path %s is stable: %p", (path, isStable) => {
  expect(launchBinary(path).isPathStable).toBe(isStable);
});
