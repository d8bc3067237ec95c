// Private files: their modes, and that a file is replaced whole or not at all.

import { expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  createPrivateFile,
  ensurePrivateDirectory,
  namesIn,
  readTextIfPresent,
  removeDirectory,
  replaceFile,
  writeFully,
} from "../../src/sys/files.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { runWithoutRoot } from "../helpers/without-root.ts";

test("a directory and the parents made for it are 0700", async () => {
  await using dir = tempDir();
  ensurePrivateDirectory(dir.at("a", "b", "c"));
  expect(
    [dir.at("a"), dir.at("a", "b"), dir.at("a", "b", "c")].map(modeOf),
  ).toEqual([0o700, 0o700, 0o700]);
});

test("a directory that was open to others is closed to them", async () => {
  await using dir = tempDir();
  mkdirSync(dir.at("open"));
  chmodSync(dir.at("open"), 0o755);
  writeFileSync(dir.at("open", "kept"), "x");
  ensurePrivateDirectory(dir.at("open"));
  expect(modeOf(dir.at("open"))).toBe(0o700);
  expect(readdirSync(dir.at("open"))).toEqual(["kept"]);
});

test("a file in the place of the directory is an error", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "x");
  expect(() => ensurePrivateDirectory(dir.at("file"))).toThrow("EEXIST");
  expect(() => ensurePrivateDirectory(dir.at("file", "in"))).toThrow("ENOTDIR");
});

test("a private file is new, 0600 and appended to", async () => {
  await using dir = tempDir();
  const descriptor = createPrivateFile(dir.at("new"));
  writeFully(descriptor, "one ");
  writeFully(descriptor, new Uint8Array([116, 119, 111]));
  closeSync(descriptor);
  expect(modeOf(dir.at("new"))).toBe(0o600);
  expect(readFileSync(dir.at("new"), "utf8")).toBe("one two");
});

test("a private file takes nobody's place, not even a dangling link's", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("there"), "x");
  symlinkSync(dir.at("nowhere"), dir.at("link"));
  expect(() => createPrivateFile(dir.at("there"))).toThrow("EEXIST");
  expect(() => createPrivateFile(dir.at("link"))).toThrow("EEXIST");
  expect(existsSync(dir.at("nowhere"))).toBe(false);
});

test("a replaced file is 0600, whole, and leaves no neighbour", async () => {
  await using dir = tempDir();
  replaceFile(dir.at("file"), "first, and rather long");
  replaceFile(dir.at("file"), "second é");
  expect(readFileSync(dir.at("file"), "utf8")).toBe("second é");
  expect(modeOf(dir.at("file"))).toBe(0o600);
  expect(readdirSync(dir.path)).toEqual(["file"]);
});

test("replacing makes a file private that was not", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "old", { mode: 0o644 });
  replaceFile(dir.at("file"), "new");
  expect(modeOf(dir.at("file"))).toBe(0o600);
});

test("5 MB of bytes are written to the last one", async () => {
  await using dir = tempDir();
  const bytes = new Uint8Array(5_000_000).fill(7);
  replaceFile(dir.at("file"), bytes);
  expect(readFileSync(dir.at("file")).equals(bytes)).toBe(true);
});

test("a rename that fails leaves no temporary file", async () => {
  await using dir = tempDir();
  mkdirSync(dir.at("taken", "full"), { recursive: true });
  expect(() => replaceFile(dir.at("taken"), "x")).toThrow("EISDIR");
  expect(readdirSync(dir.path)).toEqual(["taken"]);
});

test("a missing directory is an error, and stays missing", async () => {
  await using dir = tempDir();
  expect(() => replaceFile(dir.at("gone", "file"), "x")).toThrow("ENOENT");
  expect(readdirSync(dir.path)).toEqual([]);
});

test("a read-only directory refuses, and the old file stays", async () => {
  await using dir = tempDir();
  mkdirSync(dir.at("locked"));
  writeFileSync(dir.at("locked", "file"), "old");
  chmodSync(dir.path, 0o755);
  chmodSync(dir.at("locked"), 0o555);
  expect(
    await runWithoutRoot(`${import.meta.dir}/replace-file-fixture.ts`, [
      dir.at("locked", "file"),
    ]),
  ).toEqual({ code: "EACCES" });
  expect(readdirSync(dir.at("locked"))).toEqual(["file"]);
  expect(readFileSync(dir.at("locked", "file"), "utf8")).toBe("old");
});

test("what is not there reads as undefined, what is unreadable is an error", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "né\n");
  writeFileSync(dir.at("empty"), "");
  expect(readTextIfPresent(dir.at("file"))).toBe("né\n");
  expect(readTextIfPresent(dir.at("empty"))).toBe("");
  expect(readTextIfPresent(dir.at("none"))).toBe(undefined);
  expect(readTextIfPresent(dir.at("no", "parent"))).toBe(undefined);
  expect(() => readTextIfPresent(dir.path)).toThrow("EISDIR");
});

test("what is in a directory; nothing where there is none", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "");
  mkdirSync(dir.at("directory"));
  expect(namesIn(dir.path).toSorted()).toEqual(["directory", "file"]);
  expect(namesIn(dir.at("none"))).toEqual([]);
  expect(() => namesIn(dir.at("file"))).toThrow("ENOTDIR");
});

test("a directory goes away whole, whatever somebody else does in it meanwhile", async () => {
  await using dir = tempDir();
  const path = dir.at("spool");
  const fixture = `${import.meta.dir}/busies-directory-fixture.ts`;
  await using other = Bun.spawn([process.execPath, fixture, path], {
    stdout: "pipe",
  });
  await other.stdout.getReader().read();
  for (let round = 0; round < 300; round += 1) {
    mkdirSync(path);
    for (const name of ["a", "b", "c"]) writeFileSync(join(path, name), "");
    removeDirectory(path);
    expect(existsSync(path)).toBe(false);
  }
  removeDirectory(path);
});
