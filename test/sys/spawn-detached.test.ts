// Processes that go on without us: a session of their own, no pipe to us, and nothing
// that keeps us from ending.

import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { listProcesses } from "../../src/sys/processes.ts";
import { spawnDetached } from "../../src/sys/spawn.ts";
import { modeOf, type TempDir, tempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";
import { isAlive } from "./running.ts";

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", ONLY: "this" };

function shell(dir: TempDir, script: string) {
  const started = spawnDetached({
    command: ["/bin/sh", "-c", script, "sh", dir.path],
    environment,
    stderrPath: dir.at("stderr"),
  });
  if (!started.ok) throw new Error(started.reason);
  return started.process;
}

test("standard error is appended to a private file, the rest leads nowhere", async () => {
  await using dir = tempDir();
  const script = 'cat; echo "out"; echo "noise $ONLY" >&2; exit 7';
  expect(await shell(dir, script).exited).toEqual({
    code: 7,
    signal: undefined,
  });
  expect(modeOf(dir.at("stderr"))).toBe(0o600);
  await shell(dir, script).exited;
  expect(readFileSync(dir.at("stderr"), "utf8")).toBe(
    "noise this\nnoise this\n",
  );
});

test("it leads a session and a group of its own", async () => {
  await using dir = tempDir();
  const child = shell(dir, "exec sleep 300");
  const entry = listProcesses().find(({ pid }) => pid === child.pid);
  expect([entry?.session, entry?.group]).toEqual([child.pid, child.pid]);
  process.kill(child.pid, "SIGTERM");
  expect(await child.exited).toEqual({ code: undefined, signal: "SIGTERM" });
});

const startedSchema = z.object({ pid: z.int() });

test("whoever starts it may end, by itself or by a kill of its group", async () => {
  await using dir = tempDir();
  for (const isKilled of [false, true]) {
    const starter = Bun.spawn(
      [
        process.execPath,
        join(import.meta.dir, "starts-detached-fixture.ts"),
        dir.at("stderr"),
        isKilled ? "stays" : "ends",
      ],
      { stdin: "ignore", stderr: "inherit", detached: true },
    );
    const reader = starter.stdout.getReader();
    const line = Buffer.from((await reader.read()).value ?? []).toString();
    const { pid } = startedSchema.parse(JSON.parse(line));
    if (isKilled) process.kill(-starter.pid, "SIGKILL");
    await starter.exited;
    expect([starter.signalCode, isAlive(pid)]).toEqual([
      isKilled ? "SIGKILL" : null,
      true,
    ]);
    process.kill(pid, "SIGKILL");
    await until("it is gone", () => !isAlive(pid));
  }
});

test("what cannot be started is an answer with code and reason", async () => {
  await using dir = tempDir();
  writeFileSync(dir.at("no-program"), "x");
  const attempts = [
    [[dir.at("none")], dir.at("stderr"), "ENOENT"],
    [[dir.at("no-program")], dir.at("stderr"), "EACCES"],
    [["true"], dir.at("none", "stderr"), "ENOENT"],
    [["true"], dir.path, "EISDIR"],
  ] as const;
  for (const [command, stderrPath, code] of attempts) {
    const started = spawnDetached({ command, environment, stderrPath });
    if (started.ok) throw new Error("it was started");
    expect(started.code).toBe(code);
    expect(started.reason).toStartWith(`${code}: `);
  }
  expect(existsSync(dir.at("none"))).toBe(false);
});
