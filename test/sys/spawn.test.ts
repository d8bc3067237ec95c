// Starting processes: on files and on pipes, and every way in which it cannot be
// done is a value.

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import {
  type FileProcessRequest,
  spawnOnFiles,
  spawnPiped,
} from "../../src/sys/spawn.ts";
import { modeOf, type TempDir, tempDir } from "../helpers/temp-dir.ts";

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" };

function onFiles(
  dir: TempDir,
  changes: Partial<FileProcessRequest> = {},
): ReturnType<typeof spawnOnFiles> {
  writeFileSync(dir.at("stdin"), "from the file\n");
  return spawnOnFiles({
    command: ["/bin/sh", "-c", "cat; pwd; echo noise >&2"],
    cwd: dir.path,
    environment,
    stdinPath: dir.at("stdin"),
    stdoutPath: dir.at("stdout"),
    stderrPath: dir.at("stderr"),
    ...changes,
  });
}

test("a process on files reads the one, and writes two private new ones", async () => {
  await using dir = tempDir();
  const started = onFiles(dir);
  if (!started.ok) throw new Error(started.reason);
  expect(await started.process.exited).toEqual({ code: 0, signal: undefined });
  expect(readFileSync(dir.at("stdout"), "utf8")).toBe(
    `from the file\n${dir.path}\n`,
  );
  expect(readFileSync(dir.at("stderr"), "utf8")).toBe("noise\n");
  expect([modeOf(dir.at("stdout")), modeOf(dir.at("stderr"))]).toEqual([
    0o600, 0o600,
  ]);
});

test("it sees the environment that it was given and no other", async () => {
  await using dir = tempDir();
  const started = onFiles(dir, {
    command: ["/usr/bin/env"],
    environment: { ONLY: "this" },
  });
  if (!started.ok) throw new Error(started.reason);
  await started.process.exited;
  expect(readFileSync(dir.at("stdout"), "utf8")).toBe("ONLY=this\n");
});

test("its exit tells the code, or the signal that ended it", async () => {
  await using dir = tempDir();
  const failing = onFiles(dir, { command: ["/bin/sh", "-c", "exit 7"] });
  if (!failing.ok) throw new Error(failing.reason);
  expect(await failing.process.exited).toEqual({ code: 7, signal: undefined });

  await using other = tempDir();
  const killed = onFiles(other, {
    command: ["/bin/sh", "-c", "kill -TERM $$"],
  });
  if (!killed.ok) throw new Error(killed.reason);
  expect(await killed.process.exited).toEqual({
    code: undefined,
    signal: "SIGTERM",
  });
});

test("words are passed on as they are, without a shell", async () => {
  await using dir = tempDir();
  const words = ["$(id)", "a b", "", "*", "--", "é"];
  const started = onFiles(dir, {
    command: ["/usr/bin/env", "printf", "[%s]", ...words],
  });
  if (!started.ok) throw new Error(started.reason);
  await started.process.exited;
  expect(readFileSync(dir.at("stdout"), "utf8")).toBe(
    words.map((word) => `[${word}]`).join(""),
  );
});

const impossible: Readonly<
  Record<
    string,
    (dir: TempDir) => readonly [Partial<FileProcessRequest>, string]
  >
> = {
  "a command that is not there": (dir) => [
    { command: [dir.at("none")] },
    "ENOENT",
  ],
  "a command that may not be run": (dir) => [
    { command: [dir.at("stdin")] },
    "EACCES",
  ],
  "a directory that is not there": (dir) => [{ cwd: dir.at("none") }, "ENOENT"],
  "a file as directory": (dir) => [{ cwd: dir.at("stdin") }, "ENOTDIR"],
  "input that is not there": (dir) => [{ stdinPath: dir.at("none") }, "ENOENT"],
  "output that is there already": (dir) => [
    { stdoutPath: dir.at("stdin") },
    "EEXIST",
  ],
  "a place for output that is not there": (dir) => [
    { stderrPath: dir.at("none", "stderr") },
    "ENOENT",
  ],
};

for (const [what, spoil] of Object.entries(impossible)) {
  test(`${what} is an answer with code and reason, not a throw`, async () => {
    await using dir = tempDir();
    const [changes, code] = spoil(dir);
    const started = onFiles(dir, changes);
    if (started.ok) throw new Error("it was started");
    expect(started.code).toBe(code);
    expect(started.reason).toStartWith(`${code}: `);
  });
}

test("a piped process answers what it is written, until its input is closed", async () => {
  const started = spawnPiped({ command: ["cat"], environment });
  if (!started.ok) throw new Error(started.reason);
  const cat = started.process;
  await cat.write("one\n");
  await cat.write("two é\n");
  cat.closeStdin();
  expect(await new Response(cat.stdout).text()).toBe("one\ntwo é\n");
  expect(await cat.exited).toEqual({ code: 0, signal: undefined });
});

test("texts of 5 MB and less, written at once, come back whole and in order", async () => {
  const started = spawnPiped({ command: ["cat"], environment });
  if (!started.ok) throw new Error(started.reason);
  const texts = [5_000_000, 3, 2_000_000, 70_000, 1].map((length, index) =>
    String(index).repeat(length),
  );
  const back = new Response(started.process.stdout).text();
  await Promise.all(texts.map((text) => started.process.write(text)));
  started.process.closeStdin();
  expect((await back) === texts.join("")).toBe(true);
  expect(await started.process.exited).toEqual({ code: 0, signal: undefined });
});

test("writing to a piped process that is gone ends all the same", async () => {
  const started = spawnPiped({ command: ["true"], environment });
  if (!started.ok) throw new Error(started.reason);
  await started.process.exited;
  for (const text of ["too late\n", "x".repeat(1_000_000)]) {
    await Promise.allSettled([started.process.write(text)]);
  }
  started.process.closeStdin();
});

test("a piped command that is not there is an answer too", () => {
  const started = spawnPiped({ command: ["/none/such"], environment });
  if (started.ok) throw new Error("it was started");
  expect(started.code).toBe("ENOENT");
  expect(started.reason).toStartWith("ENOENT: ");
});
