// By which path this process was started, and that another image takes its place.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fingerprintFile } from "../../src/sys/fingerprint.ts";
import {
  launchPathOf,
  ownFingerprint,
  ownImagePath,
  shownName,
} from "../../src/sys/image.ts";
import { type TempDir, tempDir } from "../helpers/temp-dir.ts";

const fallback = "/fallback";

function program(dir: TempDir, ...names: string[]): string {
  const path = dir.at(...names);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

const launched = (name: string, searchPath = "", cwd = "/") =>
  launchPathOf(name, searchPath, cwd, fallback);

describe("the launch path", () => {
  test("is an absolute name as it is", async () => {
    await using dir = tempDir();
    const path = program(dir, "phone-opus");
    expect(launched(path)).toBe(path);
  });

  test("keeps a link, since the link is what is switched", async () => {
    await using dir = tempDir();
    program(dir, "1.0", "phone-opus");
    symlinkSync(dir.at("1.0"), dir.at("current"));
    const path = dir.at("current", "phone-opus");
    expect(launched(path)).toBe(path);
    symlinkSync(path, dir.at("bin"));
    expect(launched(dir.at("bin"))).toBe(dir.at("bin"));
  });

  test("is a relative name in the working directory", async () => {
    await using dir = tempDir();
    const path = program(dir, "bin", "phone-opus");
    expect(launched("./bin/phone-opus", "", dir.path)).toBe(path);
    expect(launched("bin/phone-opus", "", dir.path)).toBe(path);
    expect(launched("../bin/phone-opus", "", dir.at("bin"))).toBe(path);
  });

  test("is the first on the search path that a bare name finds", async () => {
    await using dir = tempDir();
    const second = program(dir, "b", "phone-opus");
    program(dir, "c", "phone-opus");
    mkdirSync(dir.at("a"));
    const search = ["a", "b", "c"].map((name) => dir.at(name)).join(":");
    expect(launched("phone-opus", search)).toBe(second);
  });

  test("passes by what is of that name and cannot be started", async () => {
    await using dir = tempDir();
    program(dir, "a", "phone-opus");
    chmodSync(dir.at("a", "phone-opus"), 0o644);
    // A clone of the project, say.
    mkdirSync(dir.at("b", "phone-opus"), { recursive: true });
    const path = program(dir, "c", "phone-opus");
    const search = ["a", "b", "c"].map((name) => dir.at(name)).join(":");
    expect(launched("phone-opus", search)).toBe(path);
  });

  test("never depends on where the search path is relative to", async () => {
    await using dir = tempDir();
    program(dir, "bin", "phone-opus");
    expect(launched("phone-opus", "bin:.:", dir.path)).toBe(fallback);
    expect(launched("phone-opus", "bin:.:", dir.at("bin"))).toBe(fallback);
  });

  test("is the fallback where there is nothing of that name", async () => {
    await using dir = tempDir();
    expect(launched(dir.at("nowhere"))).toBe(fallback);
    expect(launched(dir.path)).toBe(fallback);
    expect(launched("bin/phone-opus", "", dir.path)).toBe(fallback);
    expect(launched("phone-opus", dir.path)).toBe(fallback);
    expect(launchPathOf("phone-opus", undefined, "/", fallback)).toBe(fallback);
    expect(launched("")).toBe(fallback);
  });
});

test("the own image is the file that this process runs", () => {
  const executable = realpathSync(process.execPath);
  expect(realpathSync(ownImagePath())).toBe(executable);
  expect(ownFingerprint()).toEqual(fingerprintFile(executable));
});

test("the own image is shown by the program's name, another by its own", () => {
  expect(shownName("/opt/claude")).toBeUndefined();
  const isLink = ownImagePath() === "/proc/self/exe";
  expect(shownName(ownImagePath())).toBe(isLink ? "phone-opus" : undefined);
});

describe("replacing the image", () => {
  const fixture = join(import.meta.dir, "replaces-image-fixture.ts");
  const run = async (...words: string[]) => {
    await using child = Bun.spawn([process.execPath, fixture, ...words], {
      stdin: "ignore",
      stdout: "pipe",
      // Bun says there that this is experimental.
      stderr: "ignore",
    });
    return { pid: child.pid, text: await child.stdout.text() };
  };

  test("keeps the process and its output; words and environment are the new", async () => {
    await using dir = tempDir();
    const path = dir.at("next");
    writeFileSync(path, '#!/bin/sh\necho "$$ $1 $NEXT ${HOME-no home}"\n');
    chmodSync(path, 0o755);
    const { pid, text } = await run(path, "word");
    expect(text).toBe(`before\n${pid} word given no home\n`);
  });

  test("that fails throws, and the process goes on", async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("text"), "no program");
    chmodSync(dir.at("text"), 0o755);
    writeFileSync(dir.at("locked"), "#!/bin/sh\n", { mode: 0o644 });
    for (const [name, code] of [
      ["nowhere", "ENOENT"],
      ["text", "ENOEXEC"],
      ["locked", "EACCES"],
      [".", "EACCES"],
    ] as const) {
      const { text } = await run(dir.at(name), "word");
      expect(text).toStartWith("before\n");
      expect(text).toContain(code);
      expect(text).toEndWith("alive\n");
    }
    expect(existsSync(dir.at("text"))).toBe(true);
  });
});
