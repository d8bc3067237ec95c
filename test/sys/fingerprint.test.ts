// The fingerprint of a file: the same while nobody touches it, another after every
// way in which a binary can be replaced.

import { expect, test } from "bun:test";
import {
  appendFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import {
  fingerprintFile,
  fingerprintSchema,
  sameFingerprint,
} from "../../src/sys/fingerprint.ts";
import { tempDir } from "../helpers/temp-dir.ts";

test("it is size, time in nanoseconds and inode, as decimal texts", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "12345");
  const status = statSync(dir.at("file"), { bigint: true });
  const fingerprint = fingerprintFile(dir.at("file"));
  expect(fingerprint).toEqual({
    size_bytes: "5",
    modified_unix_ns: String(status.mtimeNs),
    inode: String(status.ino),
  });
  expect(fingerprintSchema.parse(fingerprint)).toEqual(fingerprint);
});

test("it stays while the file stays, also through a link", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "x");
  symlinkSync(dir.at("file"), dir.at("link"));
  const first = fingerprintFile(dir.at("file"));
  expect(sameFingerprint(first, fingerprintFile(dir.at("file")))).toBe(true);
  expect(sameFingerprint(first, fingerprintFile(dir.at("link")))).toBe(true);
});

const changes: Readonly<Record<string, (path: string) => void>> = {
  "written longer": (path) => appendFileSync(path, "x"),
  touched: (path) => utimesSync(path, 1, 1),
  "replaced by rename, same size and time": (path) => {
    const { atime, mtime } = statSync(path);
    writeFileSync(`${path}.new`, "y");
    utimesSync(`${path}.new`, atime, mtime);
    renameSync(`${path}.new`, path);
  },
};

for (const [how, change] of Object.entries(changes)) {
  test(`a file that was ${how} has another`, async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("file"), "x");
    utimesSync(dir.at("file"), 1_000_000, 1_000_000);
    const before = fingerprintFile(dir.at("file"));
    change(dir.at("file"));
    expect(sameFingerprint(before, fingerprintFile(dir.at("file")))).toBe(
      false,
    );
  });
}

test("a file that is not there is an error", async () => {
  await using dir = tempDir();
  expect(() => fingerprintFile(dir.at("none"))).toThrow("ENOENT");
});
