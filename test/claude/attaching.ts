// Attaches to a run without any runner process: runners are scripts of the test, which
// decides what they write into the spool and when they end.

import type { ProcessIdentity } from "../../src/base/ids.ts";
import {
  type AttachOptions,
  attachToRun,
  type AttachPorts,
} from "../../src/claude/attach.ts";
import type { ConsultOutcome } from "../../src/consult/answer.ts";
import { answerFrom } from "../../src/consult/answer.ts";
import { claimRun } from "../../src/consult/custody.ts";
import { createSpool } from "../../src/consult/spool.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { temporaryDirectory } from "./consulting.ts";
import { fakeClock } from "./fake-clock.ts";

/** What one runner does; the run of numbers starts with 1. */
export type RunnerScript = (run: {
  readonly number: number;
  /** The runner's process ends. */
  readonly end: () => void;
}) => void;

export function attaching(script: RunnerScript = () => {}) {
  const directory = temporaryDirectory();
  const id = newConsultId();
  const request = { prompt: "Why?", cwd: directory.path };
  const spool = createSpool(directory.path, id, request);
  const clock = fakeClock();
  let runners = 0;
  const ports: AttachPorts = {
    clock,
    maxLineBytes: 1 << 20,
    admission: {
      queue: () => ({
        hasCome: () => true,
        position: () => 0,
        leave: () => {},
      }),
    },
    startRunner: () => {
      runners += 1;
      const { promise, resolve } = Promise.withResolvers<void>();
      script({ number: runners, end: resolve });
      const exit = { code: 0, signal: undefined };
      return {
        ok: true,
        process: { pid: 0, exited: promise.then(() => exit) },
      };
    },
  };
  const outcome: ConsultOutcome = {
    status: "done",
    answer: answerFrom(id, request, {
      response: "The answer is 42.",
      durationMs: 1,
      durationApiMs: undefined,
      turns: 1,
      stopReason: undefined,
      sessionId: undefined,
      totalCostUsd: undefined,
      usage: undefined,
      modelUsage: undefined,
      model: undefined,
      permissionDenials: [],
      fastModeState: undefined,
      uuid: undefined,
    }),
  };
  return {
    directory: directory.path,
    id,
    spool,
    clock,
    ports,
    outcome,
    runners: () => runners,
    /** Somebody drives the run from now on. */
    claim: (identity: ProcessIdentity) => claimRun(spool.directory, identity),
    attach: (options: Partial<AttachOptions> = {}, over = ports) =>
      attachToRun(over, {
        consultId: id,
        spool,
        signal: new AbortController().signal,
        onAbort: () => true,
        onProgress: () => {},
        onQueued: () => {},
        ...options,
      }),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

/** A process that does nothing, to be on record as a runner. */
export function idleProcess() {
  const child = Bun.spawn(["sleep", "300"], { stdin: "ignore" });
  const identity = identifyProcess(child.pid);
  if (identity === undefined) throw new Error("sleep did not start");
  return {
    identity,
    child,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

export function ownIdentity(): ProcessIdentity {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error("this process cannot see itself");
  return self;
}
