// One-shot private files: made where nothing was, and read only when nobody else can
// have had a hand in them.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  readPrivateFile,
  writeNewPrivateFile,
} from "../../src/sys/private-file.ts";
import { modeOf, type TempDir, tempDir } from "../helpers/temp-dir.ts";

const most = 1000;

function made(dir: TempDir, text = "secret"): string {
  const path = dir.at("file");
  writeNewPrivateFile(path, [text]);
  return path;
}

function problemOf(path: string): string {
  const file = readPrivateFile(path, most);
  return file.ok ? `read ${file.bytes.length} bytes` : file.problem;
}

describe("a new private file", () => {
  test("is 0600 and holds its parts in order", async () => {
    await using dir = tempDir();
    const path = dir.at("file");
    writeNewPrivateFile(path, ["one ", new Uint8Array([0, 255, 10]), "two"]);
    expect(modeOf(path)).toBe(0o600);
    const file = readPrivateFile(path, most);
    if (!file.ok) throw new Error(file.problem);
    expect(file.bytes.toString("latin1")).toBe("one \u0000\u00ff\ntwo");
  });

  test("takes nobody's place: a file, a link, a directory, a pipe", async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("target"), "kept");
    writeFileSync(dir.at("there"), "kept");
    symlinkSync(dir.at("target"), dir.at("link"));
    symlinkSync(dir.at("nowhere"), dir.at("dangling"));
    mkdirSync(dir.at("directory"));
    Bun.spawnSync(["mkfifo", dir.at("pipe")]);
    const before = readdirSync(dir.path);
    for (const name of ["there", "link", "dangling", "directory", "pipe"]) {
      expect(() => writeNewPrivateFile(dir.at(name), ["new"])).toThrow(
        "EEXIST",
      );
    }
    expect(readFileSync(dir.at("target"), "utf8")).toBe("kept");
    expect(readFileSync(dir.at("there"), "utf8")).toBe("kept");
    expect(readdirSync(dir.path)).toEqual(before);
  });

  test("leaves nothing behind when the disk is full", async () => {
    await using dir = tempDir();
    const path = dir.at("file");
    const fixture = join(import.meta.dir, "fills-disk-fixture.ts");
    const child = Bun.spawn(
      [
        "sh",
        "-c",
        'ulimit -f 8; exec "$@"',
        "sh",
        process.execPath,
        fixture,
        path,
      ],
      { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
    );
    expect(await child.stdout.text()).toContain("EFBIG");
    expect(await child.exited).toBe(0);
    expect(readdirSync(dir.path)).toEqual([]);
  });
});

describe("refused is", () => {
  test("a link, even to a private file", async () => {
    await using dir = tempDir();
    symlinkSync(made(dir), dir.at("link"));
    expect(problemOf(dir.at("link"))).toBe("it is a symbolic link");
    symlinkSync(dir.at("nowhere"), dir.at("dangling"));
    expect(problemOf(dir.at("dangling"))).toBe("it is a symbolic link");
  });

  test("a file that has another name", async () => {
    await using dir = tempDir();
    const path = made(dir);
    linkSync(path, dir.at("other"));
    expect(problemOf(path)).toBe("it has another name, too");
    expect(existsSync(dir.at("other"))).toBe(true);
  });

  for (const mode of [0o604, 0o602, 0o640, 0o620, 0o601, 0o666, 0o777]) {
    test(`a file with the mode ${mode.toString(8)}`, async () => {
      await using dir = tempDir();
      const path = made(dir);
      chmodSync(path, mode);
      expect(problemOf(path)).toBe("others may read or write it");
    });
  }

  test("a pipe, at once", async () => {
    await using dir = tempDir();
    Bun.spawnSync(["mkfifo", "-m", "600", dir.at("pipe")]);
    expect(problemOf(dir.at("pipe"))).toBe("it is no regular file");
  });

  test("a directory and a device", async () => {
    await using dir = tempDir();
    mkdirSync(dir.at("directory"), { mode: 0o700 });
    expect(problemOf(dir.at("directory"))).toBe("it is no regular file");
    expect(problemOf("/dev/null")).toBe("it is no regular file");
  });

  test("what is not there", async () => {
    await using dir = tempDir();
    expect(problemOf(dir.at("nowhere"))).toContain("ENOENT");
    expect(problemOf(join(made(dir), "in"))).toContain("ENOTDIR");
  });

  test("what is larger than allowed, before it is read", async () => {
    await using dir = tempDir();
    const path = made(dir, "x".repeat(most));
    expect(problemOf(path)).toBe("read 1000 bytes");
    truncateSync(path, most + 1);
    expect(problemOf(path)).toBe("it is larger than 1000 bytes");
    // Sparse: it could not even be held in memory.
    truncateSync(path, 2 ** 40);
    expect(problemOf(path)).toBe("it is larger than 1000 bytes");
  });

  // Only root can give files away.
  test.if(process.getuid?.() === 0)("another user's file", async () => {
    await using dir = tempDir();
    const path = made(dir);
    chownSync(path, 65_534, 65_534);
    expect(problemOf(path)).toBe("it belongs to another user");
  });
});
