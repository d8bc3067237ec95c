// The directory of one consult. The run itself writes into it, so that what was
// paid for survives every process of ours. Its files, all private:
//
//   request.json   the request, as it was accepted
//   prompt         Claude's standard input
//   stdout.jsonl   Claude's stream, as it came
//   stderr.txt     the same of standard error
//   run.json       the process, once it was started
//   outcome.json   how it ended; written whole, last, once

import {
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ConsultId } from "../base/ids.ts";
import { parseJson } from "../base/json.ts";
import {
  ensurePrivateDirectory,
  readTextIfPresent,
  replaceFile,
} from "../sys/files.ts";
import { type ConsultOutcome, consultOutcomeSchema } from "./answer.ts";
import type { ConsultRequest } from "./request.ts";

const runSchema = z.object({
  pid: z.int(),
  started_unix_ms: z.int(),
  claude_path: z.string(),
  claude_version: z.string(),
  arguments: z.array(z.string()),
});
/** The started process; it leads a session and a group of its pid. */
export type RunRecord = z.infer<typeof runSchema>;

export interface Spool {
  readonly directory: string;
  readonly promptPath: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  recordRun(run: RunRecord): void;
  recordOutcome(outcome: ConsultOutcome): void;
  readOutcome(): ConsultOutcome | undefined;
  /** Bytes that the run has written so far, both streams together. */
  outputBytes(): number;
  /** The last `bytes` of standard error, for explanations. */
  stderrTail(bytes: number): string;
}

export function spoolAt(consultsDirectory: string, id: ConsultId): Spool {
  const directory = join(consultsDirectory, id);
  const stdoutPath = join(directory, "stdout.jsonl");
  const stderrPath = join(directory, "stderr.txt");
  const outcomePath = join(directory, "outcome.json");
  return {
    directory,
    promptPath: join(directory, "prompt"),
    stdoutPath,
    stderrPath,
    recordRun: (run) =>
      replaceFile(join(directory, "run.json"), JSON.stringify(run)),
    recordOutcome: (outcome) =>
      replaceFile(outcomePath, JSON.stringify(outcome)),
    readOutcome: () => {
      const text = readTextIfPresent(outcomePath);
      const parsed = parseJson(text ?? "");
      if (!parsed.ok) return undefined;
      return consultOutcomeSchema.safeParse(parsed.value).data;
    },
    outputBytes: () => sizeOf(stdoutPath) + sizeOf(stderrPath),
    stderrTail: (bytes) => readTail(stderrPath, bytes),
  };
}

/**
 * Makes the spool with its request and prompt. `input` is what Claude will read;
 * throws the system error when the disk refuses, and then leaves nothing behind.
 */
export function createSpool(
  consultsDirectory: string,
  id: ConsultId,
  request: ConsultRequest,
  input: string,
): Spool {
  ensurePrivateDirectory(consultsDirectory);
  const spool = spoolAt(consultsDirectory, id);
  mkdirSync(spool.directory, { mode: 0o700 });
  try {
    replaceFile(join(spool.directory, "request.json"), JSON.stringify(request));
    replaceFile(spool.promptPath, input);
  } catch (error) {
    rmSync(spool.directory, { recursive: true, force: true });
    throw error;
  }
  return spool;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readTail(path: string, bytes: number): string {
  const size = sizeOf(path);
  if (size === 0) return "";
  const tail = Buffer.alloc(Math.min(size, bytes));
  const descriptor = openSync(path, "r");
  try {
    const count = readSync(
      descriptor,
      tail,
      0,
      tail.length,
      size - tail.length,
    );
    return tail.subarray(0, count).toString("utf8").trim();
  } finally {
    closeSync(descriptor);
  }
}
