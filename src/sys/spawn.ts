// Starts processes. Two shapes: one that outlives us on files alone, and one that
// talks with us over pipes. Both lead a session of their own.

import { closeSync, openSync } from "node:fs";
import { describeError, errorCode } from "../base/json.ts";
import { createPrivateFile } from "./files.ts";
import { shownName } from "./image.ts";

export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** Of a process that is not our child, or that no signal ends. */
export const unknownExit: Exit = { code: undefined, signal: undefined };

export interface SpawnedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
}

export type Spawned<P> =
  | { readonly ok: true; readonly process: P }
  | {
      readonly ok: false;
      readonly code: string | undefined;
      readonly reason: string;
    };

export interface FileProcessRequest {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdinPath: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

export type SpawnOnFiles = (
  request: FileProcessRequest,
) => Spawned<SpawnedProcess>;

/**
 * Input from one file, output to two new ones: no pipe, so no death of ours can
 * cost the process its input or us its output.
 */
export const spawnOnFiles: SpawnOnFiles = (request) => {
  const descriptors: number[] = [];
  const open = (descriptor: number) => {
    descriptors.push(descriptor);
    return descriptor;
  };
  try {
    const child = Bun.spawn([...request.command], {
      ...argumentZero(request.command),
      cwd: request.cwd,
      env: { ...request.environment },
      stdin: open(openSync(request.stdinPath, "r")),
      stdout: open(createPrivateFile(request.stdoutPath)),
      stderr: open(createPrivateFile(request.stderrPath)),
      detached: true,
    });
    return { ok: true, process: { pid: child.pid, exited: exitOf(child) } };
  } catch (error) {
    return { ok: false, code: errorCode(error), reason: describeError(error) };
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
};

export interface DetachedProcessRequest {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Standard error is appended to this file; it is made when it is not there. */
  readonly stderrPath: string;
}

export type SpawnDetached = (
  request: DetachedProcessRequest,
) => Spawned<SpawnedProcess>;

/** For a process that goes on without us; we do not wait for it when we end. */
export const spawnDetached: SpawnDetached = (request) => {
  let stderr: number | undefined;
  try {
    stderr = openSync(request.stderrPath, "a", 0o600);
    const child = Bun.spawn([...request.command], {
      ...argumentZero(request.command),
      env: { ...request.environment },
      stdin: "ignore",
      stdout: "ignore",
      stderr,
      detached: true,
    });
    child.unref();
    return { ok: true, process: { pid: child.pid, exited: exitOf(child) } };
  } catch (error) {
    return { ok: false, code: errorCode(error), reason: describeError(error) };
  } finally {
    if (stderr !== undefined) closeSync(stderr);
  }
};

export interface PipedProcess extends SpawnedProcess {
  readonly stdout: ReadableStream<Uint8Array>;
  /** Resolves when the text is handed to the pipe. A dead reader may go unnoticed. */
  write(text: string): Promise<void>;
  closeStdin(): void;
}

export interface PipedProcessRequest {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `inherit` unless said otherwise: ours never carries protocol. */
  readonly stderr?: "inherit" | "ignore";
}

export type SpawnPiped = (
  request: PipedProcessRequest,
) => Spawned<PipedProcess>;

export const spawnPiped: SpawnPiped = (request) => {
  try {
    const child = Bun.spawn([...request.command], {
      ...argumentZero(request.command),
      env: { ...request.environment },
      stdin: "pipe",
      stdout: "pipe",
      stderr: request.stderr ?? "inherit",
      detached: true,
    });
    return {
      ok: true,
      process: {
        pid: child.pid,
        exited: exitOf(child),
        stdout: child.stdout,
        write: async (text) => {
          await child.stdin.write(text);
          await child.stdin.flush();
        },
        closeStdin: () => void child.stdin.end(),
      },
    };
  } catch (error) {
    return { ok: false, code: errorCode(error), reason: describeError(error) };
  }
};

function argumentZero([path]: readonly string[]): { argv0?: string } {
  const name = path === undefined ? undefined : shownName(path);
  return name === undefined ? {} : { argv0: name };
}

async function exitOf(child: Bun.Subprocess): Promise<Exit> {
  await child.exited;
  return {
    code: child.exitCode ?? undefined,
    signal: child.signalCode === null ? undefined : String(child.signalCode),
  };
}
