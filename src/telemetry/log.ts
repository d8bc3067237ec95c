// The record of tool calls on disk, one JSON object a line, shared by all hosts of
// the user. Bounded: a full file becomes `.1` and a new one is begun. It holds no
// prompt and no answer.

import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { FaultRecord } from "../base/fault.ts";
import { describeError, errorCode } from "../base/json.ts";
import type { RequestId } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import { ensurePrivateDirectory, writeFully } from "../sys/files.ts";

export const maxLogBytes = 4 << 20;

export interface ToolCompletion {
  readonly requestId: RequestId;
  readonly toolName: string;
  readonly latencyMs: number;
  readonly replayAttempts: number;
  readonly fault: FaultRecord | undefined;
}

export interface TelemetryLog {
  recordToolCompletion(completion: ToolCompletion): void;
}

export interface TelemetryLogOptions {
  readonly path: string;
  /** The directory that the host works in. */
  readonly repoRoot: string;
  readonly clock: Clock;
  /** Told once when the log cannot be written; the session goes on without it. */
  readonly onFailure: (reason: string) => void;
}

export function createTelemetryLog(options: TelemetryLogOptions): TelemetryLog {
  let hasFailed = false;
  return {
    recordToolCompletion: (completion) => {
      const { fault } = completion;
      const record = {
        unix_ms: options.clock.unixMs(),
        repo_root: options.repoRoot,
        request_id: completion.requestId,
        tool_name: completion.toolName,
        latency_ms: Math.round(completion.latencyMs),
        replay_attempts: completion.replayAttempts,
        outcome: fault === undefined ? "ok" : "error",
        error_code: fault?.jsonrpc_code ?? null,
        error_kind: fault?.fault.code ?? null,
        error_message: fault?.fault.detail ?? null,
      };
      try {
        append(options.path, `${JSON.stringify(record)}\n`);
      } catch (error) {
        if (!hasFailed) options.onFailure(describeError(error));
        hasFailed = true;
      }
    },
  };
}

function append(path: string, line: string): void {
  ensurePrivateDirectory(dirname(path));
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && size + Buffer.byteLength(line) > maxLogBytes) {
    rotate(path);
  }
  // One write in append mode: lines of several hosts never mix.
  const descriptor = openSync(path, "a", 0o600);
  try {
    writeFully(descriptor, line);
  } finally {
    closeSync(descriptor);
  }
}

/** Another host may rotate in the same moment; then there is nothing left to do. */
function rotate(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
