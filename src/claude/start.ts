// Starts Claude Code for a run and follows it to its end.

import type { ConsultId } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import { QueueFullError } from "../consult/accept.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import type { Spool } from "../consult/spool.ts";
import {
  type Confinement,
  prepareConfinement,
} from "../sandbox/confinement.ts";
import { isDirectory } from "../sys/files.ts";
import { identifyProcess } from "../sys/processes.ts";
import type { Environment } from "../sys/settings.ts";
import {
  claudeCommand,
  isRestricted,
  promptInput,
  sessionIdOf,
} from "./command.ts";
import { claudeEnvironment, inheritedEnvironment } from "./environment.ts";
import { consultOperation, unavailable } from "./faults.ts";
import { type ClaudePorts, followRun, type RunOptions } from "./follow.ts";
import { type GitGuard, guardGit } from "./git-guard.ts";
import { loginOf, renewLoginIfDue } from "./login.ts";
import { prepareClaude, resolveResume } from "./prepare.ts";
import { watchedTree } from "./receipt.ts";
import { lookBefore } from "./tree-watch.ts";
import { forgetVersion } from "./version.ts";

export async function startRun(
  ports: ClaudePorts,
  spool: Spool,
  options: RunOptions,
): Promise<ConsultOutcome> {
  const { consultId, request, signal } = options;
  const { clock, settings, paths } = ports;
  if (signal.aborted) return cancelledBeforeStart(consultId, signal);
  const claude = await prepareClaude(ports);
  if (!claude.ok) return failed(unavailable(claude.reason, claude.problem));
  const resumed = resolveResume(request, paths);
  if (!resumed.ok) {
    return failed(unavailable("session_unknown", resumed.problem));
  }
  const inherited = inheritedEnvironment(ports, request.cwd);
  const git = await guardGit({
    cwd: request.cwd,
    environment: inherited,
    capture: ports.capture,
  });
  const environment = claudeEnvironment(inherited, {
    consultId,
    maxRetries: settings.claudeMaxRetries,
    git,
    allowsMentions: isRestricted(claude.version),
  });
  const confined = confine(
    ports,
    spool,
    { workingDirectory: request.cwd, claudePath: claude.path },
    environment,
  );
  if (!confined.ok) return failed(confined.fault);
  const { confinement } = confined;
  const command = claudeCommand({
    claudePath: claude.path,
    claudeVersion: claude.version,
    request,
    web: request.web ?? settings.web,
    sessionId: sessionIdOf(consultId),
    resumedSessionId: resumed.sessionId,
    denyRules: confinement.denyRules,
  });
  const timeoutMs =
    request.timeout_s === undefined
      ? settings.timeoutMs
      : request.timeout_s * 1000;
  const run = {
    claude_path: claude.path,
    claude_version: claude.version,
    arguments: command.slice(1),
    started_unix_ms: clock.unixMs(),
    deadline_unix_ms: Math.ceil(clock.unixMs() + timeoutMs),
    git: describeGuard(git),
    sandbox: confinement.record,
  };
  if (confinement.record.kind !== "none") {
    await renewLoginIfDue(loginOf(ports, run, request.cwd));
  }
  // Asking for the version took time; what was cancelled meanwhile must not start.
  if (signal.aborted) return cancelledBeforeStart(consultId, signal);
  if (!isDirectory(request.cwd)) return failed(directoryGone(request.cwd));
  try {
    spool.writePrompt(promptInput(request, claude.version));
    // Whatever Claude does comes after this look.
    await lookBefore(spool, watchedTree(ports, request.cwd));
    if (signal.aborted) return cancelledBeforeStart(consultId, signal);
    // The intent comes first: whoever finds it knows that Claude may have started.
    spool.recordRun(run);
  } catch (error) {
    return failed(spoolFault(spool.directory, error));
  }
  const started = ports.spawn({
    ...confinement.launch(command),
    environment: { ...environment, ...confinement.environment },
    stdinPath: spool.promptPath,
    stdoutPath: spool.stdoutPath,
    stderrPath: spool.stderrPath,
  });
  if (!started.ok && !isDirectory(request.cwd)) {
    // The system says ENOENT of the binary, too, when it means the directory.
    return failed(directoryGone(request.cwd));
  }
  if (!started.ok) {
    return failed(
      unavailable(
        "not_installed",
        `Claude Code at ${claude.path} could not be started (${started.reason}): check that it runs.`,
      ),
    );
  }
  const identity = identifyProcess(started.process.pid);
  try {
    if (identity !== undefined) spool.recordRun({ ...run, process: identity });
  } catch {
    // A successor finds the process by its marker, too.
  }
  const outcome = await followRun(ports, spool, options, {
    process: started.process,
    timeoutMs,
  });
  if (outcome.status === "failed" && outcome.fault.fault.reason === "too_old") {
    forgetVersion(claude.path, paths.claudeVersions);
  }
  return outcome;
}

function describeGuard(git: GitGuard): string {
  return git.kind === "off" ? `off: ${git.why}` : git.kind;
}

function directoryGone(cwd: string): FaultRecord {
  return faultRecord({
    code: "invalid_input",
    stage: "worker",
    operation: consultOperation,
    detail: `cwd ${cwd} is no directory any more: name one that exists.`,
  });
}

type Confined =
  | { readonly ok: true; readonly confinement: Confinement }
  | { readonly ok: false; readonly fault: FaultRecord };

function confine(
  ports: ClaudePorts,
  spool: Spool,
  {
    workingDirectory,
    claudePath,
  }: { readonly workingDirectory: string; readonly claudePath: string },
  environment: Environment,
): Confined {
  const { settings, kernel, program, home, clock, paths } = ports;
  try {
    const prepared = prepareConfinement({
      mode: settings.sandbox,
      kernel,
      program,
      environment,
      home,
      workingDirectory,
      denyRead: settings.denyRead,
      stateDirectory: paths.root,
      spoolDirectory: spool.directory,
      clock,
      programs: [claudePath],
    });
    return prepared.ok
      ? prepared
      : { ok: false, fault: unavailable("sandbox", prepared.problem) };
  } catch (error) {
    return { ok: false, fault: spoolFault(spool.directory, error) };
  }
}

function failed(fault: FaultRecord): ConsultOutcome {
  return { status: "failed", fault };
}

function cancelledBeforeStart(
  consultId: ConsultId,
  signal: AbortSignal,
): ConsultOutcome {
  const fault = faultRecord({
    code: "cancelled",
    stage: "claude",
    operation: consultOperation,
    detail: String(signal.reason),
  });
  return { status: "cancelled", fault: { ...fault, consult_id: consultId } };
}

/** Why a consult was not taken in at all. */
export function refusal(directory: string, error: unknown): FaultRecord {
  if (!(error instanceof QueueFullError)) return spoolFault(directory, error);
  return faultRecord({
    code: "queue_full",
    stage: "worker",
    operation: consultOperation,
    detail: `The queue is full (${error.message}): try again when some are over; see consult_list or \`phone-opus ps\`.`,
  });
}

export function spoolFault(directory: string, error: unknown): FaultRecord {
  return faultRecord({
    code: "process_failure",
    stage: "worker",
    operation: consultOperation,
    detail: `The consult could not be stored in ${directory} (${describeError(error)}): free the disk or correct its permissions, nothing was asked yet.`,
  });
}
