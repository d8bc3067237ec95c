// Waits for a run that a runner of its own drives: starts the runner where there is
// none, reports progress from the spool, passes a cancellation on. Any number of
// processes may do so at once, and none of them is needed for the run to go on.

import { type FSWatcher, watch } from "node:fs";
import { faultRecord } from "../base/fault.ts";
import type { ConsultId } from "../base/ids.ts";
import { createLineDecoder } from "../base/lines.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import type { Admission, Turn } from "../consult/admission.ts";
import { cancelReason, hasLiveRunner, readRunner } from "../consult/custody.ts";
import type { Spool } from "../consult/spool.ts";
import type { Clock } from "../sys/clock.ts";
import { type Follower, followFile } from "../sys/follow.ts";
import { isSameProcessAlive, sendSignal } from "../sys/processes.ts";
import type { Spawned, SpawnedProcess } from "../sys/spawn.ts";
import { consultOperation } from "./faults.ts";
import { createTranscript, type Progress } from "./transcript.ts";

export interface AttachPorts {
  readonly clock: Clock;
  readonly maxLineBytes: number;
  readonly admission: Admission;
  /** Starts `phone-opus mcp runner` for this consult, in a session of its own. */
  readonly startRunner: (
    consultId: ConsultId,
    spool: Spool,
  ) => Spawned<SpawnedProcess>;
}

export interface AttachOptions {
  readonly consultId: ConsultId;
  readonly spool: Spool;
  /** Aborted when the caller wants no answer any more. */
  readonly signal: AbortSignal;
  /**
   * Called at that moment. True: the run is being ended, wait for its outcome. False:
   * it goes on without us.
   */
  readonly onAbort: () => boolean;
  readonly onProgress: (progress: Progress) => void;
  /** It waits for its turn at this place of the queue. */
  readonly onQueued: (position: number) => void;
}

/** A change that the watch missed is seen at the latest after this. */
const tickMs = 250;
/** Runners that die one after another are not started for ever. */
const maxRunners = 5;
/** A runner that was asked to end its run and has not is taken for stuck. */
const stuckRunnerMs = 20_000;

export async function attachToRun(
  ports: AttachPorts,
  options: AttachOptions,
): Promise<ConsultOutcome> {
  const { spool, signal, consultId } = options;
  const progress = followProgress(ports, options);
  const changes = watchDirectory(spool.directory, ports.clock);
  let hasLeft = false;
  let takeBackForce = () => {};
  let takeBackTurn = () => {};
  const abort = () => {
    if (options.onAbort()) {
      takeBackForce = ports.clock.after(stuckRunnerMs, () => {
        const runner = readRunner(spool.directory);
        // The next one takes over, finds the wish, and ends the run.
        if (runner !== undefined && isSameProcessAlive(runner.identity)) {
          sendSignal(runner.identity.pid, "SIGKILL");
        }
      });
    } else hasLeft = true;
    changes.wake();
  };
  try {
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    let turn: Turn | undefined;
    takeBackTurn = () => turn?.leave();
    let isRunnerStarting = false;
    for (let runners = 0; ;) {
      const outcome = spool.readOutcome();
      if (outcome !== undefined) return outcome;
      if (hasLeft) return leftRun(consultId, String(signal.reason));
      if (!isRunnerStarting && !hasLiveRunner(spool.directory)) {
        // It may have ended, outcome written, between the two looks.
        const last = spool.readOutcome();
        if (last !== undefined) return last;
        // Only what never ran waits for its turn, and not to be told that it is cancelled.
        if (
          readRunner(spool.directory) === undefined &&
          cancelReason(spool.directory) === undefined
        ) {
          turn ??= ports.admission.queue(consultId, () => changes.wake());
          if (!turn.hasCome()) {
            options.onQueued(turn.position());
            await changes.next();
            continue;
          }
          options.onQueued(0);
        }
        if (runners === maxRunners) return lostRun(consultId, "kept dying");
        runners += 1;
        const started = ports.startRunner(consultId, spool);
        if (!started.ok) {
          return lostRun(consultId, `could not be started: ${started.reason}`);
        }
        isRunnerStarting = true;
        void started.process.exited.then(() => {
          isRunnerStarting = false;
          changes.wake();
        });
      }
      progress.look();
      await changes.next();
    }
  } finally {
    signal.removeEventListener("abort", abort);
    takeBackForce();
    takeBackTurn();
    changes.close();
    progress.close();
  }
}

function lostRun(consultId: ConsultId, why: string): ConsultOutcome {
  const fault = faultRecord({
    code: "process_failure",
    stage: "worker",
    operation: consultOperation,
    detail: `The process that runs this consult ${why}: see runner.log in its spool, then ask again.`,
  });
  return { status: "failed", fault: { ...fault, consult_id: consultId } };
}

function leftRun(consultId: ConsultId, reason: string): ConsultOutcome {
  const fault = faultRecord({
    code: "cancelled",
    stage: "worker",
    operation: consultOperation,
    detail: reason,
  });
  return { status: "cancelled", fault: { ...fault, consult_id: consultId } };
}

interface ProgressFollower {
  /** Begins to follow once Claude's output is there. */
  look(): void;
  close(): void;
}

function followProgress(
  ports: AttachPorts,
  { spool, onProgress }: AttachOptions,
): ProgressFollower {
  const transcript = createTranscript();
  const decoder = createLineDecoder(ports.maxLineBytes);
  let follower: Follower | undefined;
  return {
    look: () => {
      if (follower !== undefined || !spool.hasOutput()) return;
      follower = followFile({
        path: spool.stdoutPath,
        clock: ports.clock,
        onData: (bytes) => {
          for (const frame of decoder.push(bytes)) transcript.absorb(frame);
          onProgress(transcript.progress());
        },
      });
    },
    close: () => follower?.close(),
  };
}

interface Changes {
  /** Resolves at the next change, or after a tick. */
  next(): Promise<void>;
  wake(): void;
  close(): void;
}

function watchDirectory(directory: string, clock: Clock): Changes {
  // A change between two waits must not be slept over.
  let hasChanged = false;
  let resume = () => {};
  const wake = () => {
    hasChanged = true;
    resume();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(directory, { persistent: false }, wake);
    watcher.on("error", () => {});
  } catch {
    // No watches left on this system: the tick alone has to do.
  }
  return {
    next: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const takeBack = clock.after(tickMs, resolve);
      resume = () => {
        takeBack();
        resolve();
      };
      if (hasChanged) resume();
      hasChanged = false;
      return promise;
    },
    wake,
    close: () => watcher?.close(),
  };
}
