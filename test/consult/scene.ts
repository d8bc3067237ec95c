// What the tests of this folder act on: a state directory of their own, consults in
// it, and processes that are alive or gone for certain.

import { mkdirSync } from "node:fs";
import { faultRecord } from "../../src/base/fault.ts";
import {
  type ConsultId,
  consultIdFromUuid,
  type ProcessIdentity,
} from "../../src/base/ids.ts";
import type { AcceptOptions } from "../../src/consult/accept.ts";
import { answerFrom, type ConsultOutcome } from "../../src/consult/answer.ts";
import { type ConsultRecord, queuedRecord } from "../../src/consult/record.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { createSpool, type RunRecord } from "../../src/consult/spool.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { createFakeClock, type FakeClock } from "../helpers/clock.ts";
import { type TempDir, tempDir } from "../helpers/temp-dir.ts";
import { fullReply } from "./samples.ts";

export const request: ConsultRequest = { prompt: "Why?", cwd: "/srv/shop" };

export function newId(createdUnixMs?: number): ConsultId {
  return consultIdFromUuid(
    createdUnixMs === undefined
      ? Bun.randomUUIDv7()
      : Bun.randomUUIDv7("hex", createdUnixMs),
  );
}

export const run: RunRecord = {
  claude_path: "/opt/claude",
  claude_version: "2.1.329",
  arguments: ["--print"],
  started_unix_ms: 1_700_000_000_000,
  deadline_unix_ms: 1_700_001_800_000,
};

export function done(id: ConsultId): ConsultOutcome {
  return { status: "done", answer: answerFrom(id, request, fullReply) };
}

export function failed(id: ConsultId): ConsultOutcome {
  const fault = faultRecord({
    code: "downstream_failure",
    stage: "claude",
    operation: "tools/call:consult",
    detail: "Not logged in.",
    reason: "not_logged_in",
  });
  return { status: "failed", fault: { ...fault, consult_id: id } };
}

export interface Scene extends AsyncDisposable {
  readonly dir: TempDir;
  readonly clock: FakeClock;
  readonly consults: string;
  readonly ledger: {
    readonly path: string;
    readonly consultsDirectory: string;
  };
  /** What was logged. */
  readonly logged: string[];
  readonly options: AcceptOptions;
  /** A spool with `request` in it, and its id. */
  spool(
    id?: ConsultId,
    asked?: ConsultRequest,
  ): { id: ConsultId } & ReturnType<typeof createSpool>;
}

export function scene(owner?: ProcessIdentity): Scene {
  const dir = tempDir();
  const clock = createFakeClock();
  const consults = dir.at("consults");
  mkdirSync(consults, { mode: 0o700 });
  const ledger = {
    path: dir.at("ledger.sqlite"),
    consultsDirectory: consults,
  };
  const logged: string[] = [];
  return {
    dir,
    clock,
    consults,
    ledger,
    logged,
    options: {
      ledger,
      clock,
      owner,
      maxRunning: 8,
      maxQueued: 100,
      log: (line) => void logged.push(line),
    },
    spool: (id = newId(), asked = request) => ({
      id,
      ...createSpool(consults, id, asked),
    }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

export function record(changes: Partial<ConsultRecord> = {}): ConsultRecord {
  const id = changes.consult_id ?? newId();
  return { ...queuedRecord(id, request, 1_700_000_000_000), ...changes };
}

export function identityOf(pid: number): ProcessIdentity {
  const identity = identifyProcess(pid);
  if (identity === undefined) throw new Error(`process ${pid} is gone`);
  return identity;
}

export const self = identityOf(process.pid);

/** A living process has this number by now, but it is another one. */
export const gone: ProcessIdentity = { pid: process.pid, start_time: "1" };

export interface Living extends AsyncDisposable {
  readonly identity: ProcessIdentity;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<unknown>;
  end(): Promise<void>;
  /** Proves that no signal has ended it: it still answers. */
  echo(text: string): Promise<string>;
}

/** Another process, alive until it is told. */
export function living(): Living {
  const child = Bun.spawn(["cat"], { stdin: "pipe", stderr: "ignore" });
  const reader = child.stdout.getReader();
  const end = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    identity: identityOf(child.pid),
    ended: child.exited.then(() => child.signalCode),
    end,
    echo: async (text) => {
      await child.stdin.write(text);
      await child.stdin.flush();
      return Buffer.from((await reader.read()).value ?? []).toString();
    },
    [Symbol.asyncDispose]: end,
  };
}
