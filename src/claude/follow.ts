// Follows a started run to its end: its output as it grows, its limits, its
// cancellation. When this is over, no process of the run is left.

import { type FaultRecord, faultRecord } from "../base/fault.ts";
import type { ConsultId } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import { createLineDecoder } from "../base/lines.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import type { ConsultRequest } from "../consult/request.ts";
import type { Spool } from "../consult/spool.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { type Follower, followFile } from "../sys/follow.ts";
import { type Exit, type SpawnOnFiles, unknownExit } from "../sys/spawn.ts";
import { killRun, type RunProcess, stopRun } from "../sys/stop.ts";
import { runMarker } from "./command.ts";
import { conclude, type Ending } from "./conclude.ts";
import { consultOperation } from "./faults.ts";
import { watchLimits } from "./limits.ts";
import { keepLogin, loginOf } from "./login.ts";
import type { Downstream } from "./prepare.ts";
import { certify } from "./receipt.ts";
import { createTranscript, type Progress } from "./transcript.ts";

export interface ClaudePorts extends Downstream {
  readonly clock: Clock;
  readonly spawn: SpawnOnFiles;
  readonly log?: (line: string) => void;
}

export interface RunOptions {
  readonly consultId: ConsultId;
  readonly request: ConsultRequest;
  /** Its reason, a string, says why the run was cancelled. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface FollowedRun {
  readonly process: RunProcess;
  /** What is left of its time limit. */
  readonly timeoutMs: number;
}

export async function followRun(
  ports: ClaudePorts,
  spool: Spool,
  options: RunOptions,
  { process, timeoutMs }: FollowedRun,
): Promise<ConsultOutcome> {
  const { clock, settings } = ports;
  const { consultId, request, signal } = options;
  const marker = runMarker(consultId);
  const transcript = createTranscript();
  const decoder = createLineDecoder(settings.maxLineBytes);
  const resultSeen = Promise.withResolvers<void>();
  const limits = watchLimits(
    {
      timeoutMs,
      idleTimeoutMs: settings.idleTimeoutMs,
      maxOutputBytes: settings.maxOutputBytes,
    },
    clock,
    () => spool.outputBytes(),
  );
  const over = new AbortController();
  const run = spool.readRun();
  if (run?.sandbox !== undefined && run.sandbox.kind !== "none") {
    void keepLogin(loginOf(ports, run, options.request.cwd), over.signal);
  }
  let follower: Follower | undefined;
  try {
    follower = followFile({
      path: spool.stdoutPath,
      clock,
      onData: (bytes) => {
        limits.touch();
        for (const frame of decoder.push(bytes)) transcript.absorb(frame);
        options.onProgress(transcript.progress());
        if (transcript.result() !== undefined) resultSeen.resolve();
      },
    });
    const ending = await Promise.race<Ending>([
      process.exited.then(() => ({ kind: "exited" })),
      // With the result there is nothing to wait for but a clean exit.
      resultSeen.promise
        .then(() => sleep(clock, settings.stopGraceMs, over.signal))
        .then(() => ({ kind: "finished" })),
      limits.reached.then((limit) => ({ kind: "limit", limit })),
      whenAborted(signal, over.signal).then((why) => ({
        kind: "cancelled",
        why,
      })),
    ]);
    const exit = await endProcesses(ending, process, marker, ports);
    await follower.drain();
    for (const frame of decoder.end()) transcript.absorb(frame);
    const outcome = conclude({
      ending,
      exit,
      transcript,
      consultId,
      request,
      settings,
      stderrTail: spool.stderrTail(600),
    });
    return await certify(
      ports,
      spool,
      { cwd: request.cwd, transcript },
      outcome,
    );
  } catch (error) {
    await stopRun({ process, marker, clock, graceMs: 0 });
    return { status: "failed", fault: unfollowed(spool, consultId, error) };
  } finally {
    over.abort();
    limits.close();
    follower?.close();
  }
}

/** Our own side failed under the run; it was ended, since nobody could watch it. */
function unfollowed(
  spool: Spool,
  consultId: ConsultId,
  error: unknown,
): FaultRecord {
  return {
    ...faultRecord({
      code: "process_failure",
      stage: "worker",
      operation: consultOperation,
      detail: `The consult could not be followed in ${spool.directory} (${describeError(error)}), and Claude Code was stopped: ask again.`,
    }),
    consult_id: consultId,
  };
}

/**
 * Whatever the ending, all processes of the run are gone when this returns, but for what
 * no signal ends, such as a read from a network that hangs: what was paid for does not
 * wait for those.
 */
async function endProcesses(
  ending: Ending,
  process: RunProcess,
  marker: string,
  { clock, settings, log }: ClaudePorts,
): Promise<Exit> {
  try {
    if (ending.kind === "exited") {
      await killRun({ leader: undefined, group: process.pid, marker }, clock);
    } else {
      const graceMs = ending.kind === "finished" ? 0 : settings.stopGraceMs;
      await stopRun({ process, marker, clock, graceMs });
    }
  } catch (error) {
    log?.(describeError(error));
    return Promise.race([process.exited, Promise.resolve(unknownExit)]);
  }
  return process.exited;
}

function whenAborted(signal: AbortSignal, over: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const tell = () => resolve(String(signal.reason));
    if (signal.aborted) return tell();
    signal.addEventListener("abort", tell, { once: true, signal: over });
  });
}
