// The directory of one consult: private, whole or absent, and readable by whoever
// comes later.

import { expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { consultIdSchema } from "../../src/base/ids.ts";
import { createSpool, spoolAt } from "../../src/consult/spool.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";

const id = consultIdSchema.parse(`c_${"1".repeat(32)}`);
const request = { prompt: "Why é?", cwd: "/", max_turns: 2 };

test("a new spool holds the request and nothing else, all private", async () => {
  await using dir = tempDir();
  const consults = dir.at("state", "consults");
  const spool = createSpool(consults, id, request);
  expect(spool.directory).toBe(join(consults, id));
  expect(readdirSync(spool.directory)).toEqual(["request.json"]);
  expect(readdirSync(consults)).toEqual([id]);
  const stored: unknown = JSON.parse(
    readFileSync(join(spool.directory, "request.json"), "utf8"),
  );
  expect(stored).toEqual(request);
  expect(
    [
      dir.at("state"),
      consults,
      spool.directory,
      join(spool.directory, "request.json"),
    ].map(modeOf),
  ).toEqual([0o700, 0o700, 0o700, 0o600]);
  expect([spool.exists(), spool.hasOutput(), spool.hasOutcome()]).toEqual([
    true,
    false,
    false,
  ]);
});

test("the request is read back as it was, and only where it is whole", async () => {
  await using dir = tempDir();
  const spool = spoolAt(dir.path, id);
  expect([spool.exists(), spool.readRequest()]).toEqual([false, undefined]);
  createSpool(dir.path, id, request);
  expect(spool.readRequest()).toEqual(request);
  writeFileSync(join(spool.directory, "request.json"), '{"prompt":"Wh');
  expect(spool.readRequest()).toBe(undefined);
});

test("Claude's input is written whole, privately, and again by a successor", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  spool.writePrompt("the input");
  spool.writePrompt("the input é\n");
  expect(readFileSync(spool.promptPath, "utf8")).toBe("the input é\n");
  expect(modeOf(spool.promptPath)).toBe(0o600);
});

test("its other files stand where the list says", async () => {
  await using dir = tempDir();
  const spool = spoolAt(dir.path, id);
  expect([spool.promptPath, spool.stdoutPath, spool.stderrPath]).toEqual([
    dir.at(id, "prompt"),
    dir.at(id, "stdout.jsonl"),
    dir.at(id, "stderr.txt"),
  ]);
  expect(readdirSync(dir.path)).toEqual([]);
});

test("the run is recorded before its start and after, privately", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  expect(spool.readRun()).toBe(undefined);
  const intent = {
    started_unix_ms: 1,
    deadline_unix_ms: 2,
    claude_path: "/opt/claude",
    claude_version: "2.1.329",
    arguments: ["--print", "é"],
  };
  spool.recordRun(intent);
  expect(spool.readRun()).toEqual(intent);
  const run = {
    ...intent,
    process: { pid: 42, start_time: "81234" },
    sandbox: {
      kind: "landlock" as const,
      detail: "Landlock ABI 7",
      is_complete: true,
    },
  };
  spool.recordRun(run);
  expect(spool.readRun()).toEqual(run);
  const path = join(spool.directory, "run.json");
  const stored: unknown = JSON.parse(readFileSync(path, "utf8"));
  expect(stored).toEqual(run);
  expect(modeOf(path)).toBe(0o600);
});

test("a spool that is not there has no outcome and no output", async () => {
  await using dir = tempDir();
  const spool = spoolAt(dir.at("none"), id);
  expect([
    spool.readOutcome(),
    spool.outputBytes(),
    spool.stderrTail(10),
  ]).toEqual([undefined, 0, ""]);
});

test("output is counted over both streams", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  appendFileSync(spool.stdoutPath, "12345");
  expect(spool.outputBytes()).toBe(5);
  appendFileSync(spool.stderrPath, "é");
  expect(spool.outputBytes()).toBe(7);
});

test("the tail of standard error is its last bytes, trimmed", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  expect(spool.stderrTail(10)).toBe("");
  writeFileSync(spool.stderrPath, "first line\nlast line\n");
  expect(spool.stderrTail(1000)).toBe("first line\nlast line");
  expect(spool.stderrTail(10)).toBe("last line");
  expect(spool.stderrTail(0)).toBe("");
});

test("the tail begins with a whole character", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  writeFileSync(spool.stderrPath, "漢字🦉");
  expect(
    [4, 5, 6, 7, 8, 9, 10].map((bytes) => spool.stderrTail(bytes)),
  ).toEqual(["🦉", "🦉", "🦉", "字🦉", "字🦉", "字🦉", "漢字🦉"]);
});

test("the spool of another consult is never taken over", async () => {
  await using dir = tempDir();
  createSpool(dir.path, id, request);
  expect(() =>
    createSpool(dir.path, id, { ...request, prompt: "the second" }),
  ).toThrow(/EEXIST|ENOTEMPTY/);
  expect(spoolAt(dir.path, id).readRequest()).toEqual(request);
  expect(readdirSync(dir.path)).toEqual([id]);
});

test("a disk that refuses leaves no half of a spool behind", async () => {
  await using dir = tempDir();
  const fixture = `${import.meta.dir}/creates-spool-fixture.ts`;
  // No file of this process may grow over a few blocks, and it is told so by an error.
  const script = `trap '' XFSZ; ulimit -f 8; exec "$@"`;
  await using child = Bun.spawn(
    ["sh", "-c", script, "sh", process.execPath, fixture, dir.at("consults")],
    { stdin: "ignore", stderr: "inherit" },
  );
  expect(await child.stdout.text()).toBe("EFBIG");
  expect(await child.exited).toBe(0);
  expect(readdirSync(dir.at("consults"))).toEqual([]);
});

test("a place that cannot be made is an error", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("file"), "x");
  mkdirSync(dir.at("kept"));
  expect(() => createSpool(dir.at("file"), id, request)).toThrow("EEXIST");
  expect(() => createSpool(dir.at("file", "in"), id, request)).toThrow(
    "ENOTDIR",
  );
  expect(readdirSync(dir.path).toSorted()).toEqual(["file", "kept"]);
});
