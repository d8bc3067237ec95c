// Real runs for the tests of processes and stop: a leader on files, as Claude is
// started, whose fixture prints the pids of what it started as one JSON object.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { listProcesses } from "../../src/sys/processes.ts";
import { type SpawnedProcess, spawnOnFiles } from "../../src/sys/spawn.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";

const pidsSchema = z.record(z.string(), z.int());

export interface Run extends AsyncDisposable {
  readonly process: SpawnedProcess;
  readonly marker: string;
  /** By the names that the fixture gave them. */
  readonly pids: Readonly<Record<string, number>>;
  /** Everything that the run has printed so far. */
  printed(): string;
}

export async function startRun(fixture: string): Promise<Run> {
  const dir = tempDir();
  writeFileSync(dir.at("stdin"), "");
  const marker = `PHONE_OPUS_UNIT_RUN=${crypto.randomUUID()}`;
  const [name = "", value = ""] = marker.split("=");
  const started = spawnOnFiles({
    command: [process.execPath, join(import.meta.dir, fixture)],
    cwd: dir.path,
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin", [name]: value },
    stdinPath: dir.at("stdin"),
    stdoutPath: dir.at("stdout"),
    stderrPath: dir.at("stderr"),
  });
  if (!started.ok) throw new Error(started.reason);
  const printed = () =>
    existsSync(dir.at("stdout")) ? readFileSync(dir.at("stdout"), "utf8") : "";
  await until(`${fixture} is ready`, () => printed().includes("\n"));
  const line = printed().split("\n")[0] ?? "";
  const pids = pidsSchema.parse(JSON.parse(line));
  return {
    process: started.process,
    marker,
    pids,
    printed,
    [Symbol.asyncDispose]: async () => {
      for (const pid of [started.process.pid, ...Object.values(pids)]) {
        if (isAlive(pid)) process.kill(pid, "SIGKILL");
      }
      await started.process.exited;
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Whether it runs; what has ended and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  return listProcesses().some((entry) => entry.pid === pid);
}

/** The names of those that are alive. */
export function alive({ pids }: Run): string[] {
  return Object.keys(pids).filter((name) => isAlive(pids[name] ?? 0));
}

/** A process of somebody else, which no stop may touch. */
export function startBystander(): { readonly pid: number } & AsyncDisposable {
  const child = Bun.spawn(["sleep", "300"], {
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      PHONE_OPUS_UNIT_RUN: "another",
    },
    stdio: ["ignore", "ignore", "ignore"],
  });
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
