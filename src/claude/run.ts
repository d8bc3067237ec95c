// One consult from request to outcome: prepare, start, follow, stop, explain, record.
// Exactly one outcome comes out, and no process of the run is left when it does.

import { describeError } from "../base/json.ts";
import { faultRecord, type FaultRecord } from "../base/fault.ts";
import type { ConsultId } from "../base/ids.ts";
import { createLineDecoder } from "../base/lines.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import type { ConsultRequest } from "../consult/request.ts";
import { createSpool, type Spool } from "../consult/spool.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { followFile } from "../sys/follow.ts";
import { killRun, stopRun } from "../sys/stop.ts";
import type { Exit, SpawnedProcess, SpawnOnFiles } from "../sys/spawn.ts";
import {
  claudeCommand,
  claudeEnvironment,
  promptInput,
  runMarker,
  sessionIdOf,
} from "./command.ts";
import { conclude, type Ending } from "./conclude.ts";
import { consultOperation, unavailable } from "./faults.ts";
import { watchLimits } from "./limits.ts";
import { type Downstream, prepareClaude, resolveResume } from "./prepare.ts";
import { createTranscript, type Progress } from "./transcript.ts";
import { forgetVersion } from "./version.ts";

export interface ClaudePorts extends Downstream {
  readonly clock: Clock;
  readonly spawn: SpawnOnFiles;
}

export interface RunOptions {
  readonly consultId: ConsultId;
  readonly request: ConsultRequest;
  /** Its reason, a string, says why the run was cancelled. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export async function runConsult(
  ports: ClaudePorts,
  options: RunOptions,
): Promise<ConsultOutcome> {
  const { consultId, request } = options;
  const { settings, paths } = ports;
  const claude = await prepareClaude(ports);
  if (!claude.ok) return failed(unavailable(claude.reason, claude.problem));
  const resumed = resolveResume(request, paths);
  if (!resumed.ok)
    return failed(unavailable("session_unknown", resumed.problem));

  const command = claudeCommand({
    claudePath: claude.path,
    claudeVersion: claude.version,
    request,
    sessionId: sessionIdOf(consultId),
    resumedSessionId: resumed.sessionId,
  });
  let spool: Spool;
  try {
    spool = createSpool(
      paths.consults,
      consultId,
      request,
      promptInput(request.prompt),
    );
  } catch (error) {
    return failed(spoolFault(paths.consults, error));
  }
  const started = ports.spawn({
    command,
    cwd: request.cwd,
    environment: claudeEnvironment(
      ports.environment,
      consultId,
      settings.claudeMaxRetries,
    ),
    stdinPath: spool.promptPath,
    stdoutPath: spool.stdoutPath,
    stderrPath: spool.stderrPath,
  });
  if (!started.ok) {
    return record(
      spool,
      failed(
        unavailable(
          "not_installed",
          `Claude Code at ${claude.path} could not be started (${started.reason}): check that it runs.`,
        ),
      ),
    );
  }
  try {
    spool.recordRun({
      pid: started.process.pid,
      started_unix_ms: ports.clock.unixMs(),
      claude_path: claude.path,
      claude_version: claude.version,
      arguments: command.slice(1),
    });
  } catch {
    // The record helps later processes; the run itself can do without.
  }
  const outcome = await followRun(ports, options, spool, started.process);
  if (outcome.status === "failed" && outcome.fault.fault.reason === "too_old") {
    forgetVersion(claude.path, paths.claudeVersions);
  }
  return record(spool, outcome);
}

async function followRun(
  ports: ClaudePorts,
  options: RunOptions,
  spool: Spool,
  process: SpawnedProcess,
): Promise<ConsultOutcome> {
  const { clock, settings } = ports;
  const { consultId, request, signal } = options;
  const marker = runMarker(consultId);
  const transcript = createTranscript();
  const decoder = createLineDecoder(settings.maxLineBytes);
  const resultSeen = Promise.withResolvers<void>();
  const limits = watchLimits(
    {
      timeoutMs:
        request.timeout_s === undefined
          ? settings.timeoutMs
          : request.timeout_s * 1000,
      idleTimeoutMs: settings.idleTimeoutMs,
      maxOutputBytes: settings.maxOutputBytes,
    },
    clock,
    () => spool.outputBytes(),
  );
  const follower = followFile({
    path: spool.stdoutPath,
    clock,
    onData: (bytes) => {
      limits.touch();
      for (const frame of decoder.push(bytes)) transcript.absorb(frame);
      options.onProgress(transcript.progress());
      if (transcript.result() !== undefined) resultSeen.resolve();
    },
  });
  const over = new AbortController();
  try {
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
    return conclude({
      ending,
      exit,
      transcript,
      consultId,
      request,
      settings,
      stderrTail: spool.stderrTail(600),
    });
  } finally {
    over.abort();
    limits.close();
    follower.close();
  }
}

/** Whatever the ending, all processes of the run are gone when this returns. */
async function endProcesses(
  ending: Ending,
  process: SpawnedProcess,
  marker: string,
  { clock, settings }: ClaudePorts,
): Promise<Exit> {
  if (ending.kind === "exited") {
    await killRun({ leader: undefined, group: process.pid, marker }, clock);
  } else {
    const graceMs = ending.kind === "finished" ? 0 : settings.stopGraceMs;
    await stopRun({ process, marker, clock, graceMs });
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

function failed(fault: FaultRecord): ConsultOutcome {
  return { status: "failed", fault };
}

function spoolFault(directory: string, error: unknown): FaultRecord {
  return faultRecord({
    code: "process_failure",
    stage: "worker",
    operation: consultOperation,
    detail: `The consult could not be stored in ${directory} (${describeError(error)}): free the disk or correct its permissions, nothing was asked yet.`,
  });
}

/** An outcome that cannot be stored is still the outcome. */
function record(spool: Spool, outcome: ConsultOutcome): ConsultOutcome {
  try {
    spool.recordOutcome(outcome);
  } catch {
    return outcome;
  }
  return outcome;
}
