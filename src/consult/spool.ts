// The directory of one consult. The run itself writes into it, so that what was
// paid for survives every process of ours. Its files, all private:
//
//   request.json   the request, as it was accepted
//   prompt         Claude's standard input
//   stdout.jsonl   Claude's stream, as it came
//   stderr.txt     the same of standard error
//   run.json       what is started, written before; its process, written after
//   tree.zst       what the files of the directory looked like, while it runs
//   sandbox.json   what the kernel holds it to
//   tmp/           its temporary files, gone when it is over
//   outcome.json   how it ended; written whole, last, once
//
// and the notes by which processes agree on who looks after it (custody.ts).

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type ConsultId, processIdentitySchema } from "../base/ids.ts";
import { parseJson } from "../base/json.ts";
import { sandboxRecordSchema } from "../base/sandbox.ts";
import {
  ensurePrivateDirectory,
  readTextIfPresent,
  replaceFile,
  sizeOfFile,
  removeDirectory,
} from "../sys/files.ts";
import { type ConsultOutcome, consultOutcomeSchema } from "./answer.ts";
import { type ConsultRequest, consultRequestSchema } from "./request.ts";

const runSchema = z.object({
  claude_path: z.string(),
  claude_version: z.string(),
  arguments: z.array(z.string()),
  started_unix_ms: z.int(),
  deadline_unix_ms: z.int(),
  /** Absent between the intent to start it and its start. */
  process: processIdentitySchema.optional(),
  /** What the kernel held it to; absent in spools of older versions. */
  sandbox: sandboxRecordSchema.optional(),
  /** What git could do in it. */
  git: z.string().optional(),
});
/** Claude's process; it leads a session and a group of its own number. */
export type RunRecord = z.infer<typeof runSchema>;

export interface Spool {
  readonly directory: string;
  readonly promptPath: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly treePath: string;
  exists(): boolean;
  /** True when a process has begun to write into the spool. */
  hasOutput(): boolean;
  /** What Claude will read on its standard input. */
  writePrompt(input: string): void;
  readRequest(): ConsultRequest | undefined;
  recordRun(run: RunRecord): void;
  readRun(): RunRecord | undefined;
  recordOutcome(outcome: ConsultOutcome): void;
  readOutcome(): ConsultOutcome | undefined;
  /** Cheaper than reading it. */
  hasOutcome(): boolean;
  /** When it was written. */
  outcomeUnixMs(): number | undefined;
  /** What the run kept for its own time; best effort. */
  removeTemporary(): void;
  /** Bytes that the run has written so far, both streams together. */
  outputBytes(): number;
  /** The last `bytes` of standard error, for explanations. */
  stderrTail(bytes: number): string;
}

export function spoolAt(consultsDirectory: string, id: ConsultId): Spool {
  const directory = join(consultsDirectory, id);
  const promptPath = join(directory, "prompt");
  const stdoutPath = join(directory, "stdout.jsonl");
  const stderrPath = join(directory, "stderr.txt");
  const outcomePath = join(directory, "outcome.json");
  const requestPath = join(directory, "request.json");
  const runPath = join(directory, "run.json");
  return {
    directory,
    promptPath,
    stdoutPath,
    stderrPath,
    treePath: join(directory, "tree.zst"),
    exists: () => existsSync(requestPath),
    hasOutput: () => existsSync(stdoutPath),
    writePrompt: (input) => replaceFile(promptPath, input),
    readRequest: () => readRecord(requestPath, consultRequestSchema),
    recordRun: (run) => replaceFile(runPath, JSON.stringify(run)),
    readRun: () => readRecord(runPath, runSchema),
    recordOutcome: (outcome) =>
      replaceFile(outcomePath, JSON.stringify(outcome)),
    readOutcome: () => readRecord(outcomePath, consultOutcomeSchema),
    hasOutcome: () => existsSync(outcomePath),
    outcomeUnixMs: () => {
      const status = statSync(outcomePath, { throwIfNoEntry: false });
      return status === undefined ? undefined : Math.round(status.mtimeMs);
    },
    removeTemporary: () => removeQuietly(join(directory, "tmp")),
    outputBytes: () => sizeOfFile(stdoutPath) + sizeOfFile(stderrPath),
    stderrTail: (bytes) => readTail(stderrPath, bytes),
  };
}

/**
 * Makes the spool with its request, whole or not at all: it is built beside its place
 * and renamed. Throws the system error when the disk refuses.
 */
export function createSpool(
  consultsDirectory: string,
  id: ConsultId,
  request: ConsultRequest,
): Spool {
  const draft = draftSpool(consultsDirectory, id, request);
  try {
    draft.publish();
  } catch (error) {
    draft.discard();
    throw error;
  }
  return draft.spool;
}

export interface SpoolDraft {
  readonly spool: Spool;
  /** Puts it in its place; more than once is once. */
  publish(): void;
  discard(): void;
}

/** A spool that nobody sees yet; `furnish` puts more into it. */
export function draftSpool(
  consultsDirectory: string,
  id: ConsultId,
  request: ConsultRequest,
  furnish: (directory: string) => void = () => {},
): SpoolDraft {
  ensurePrivateDirectory(consultsDirectory);
  const draft = join(consultsDirectory, `.${id}.${process.pid}`);
  const spool = spoolAt(consultsDirectory, id);
  const discard = () => removeDirectory(draft);
  let isPublished = false;
  try {
    mkdirSync(draft, { mode: 0o700 });
    replaceFile(join(draft, "request.json"), JSON.stringify(request));
    furnish(draft);
  } catch (error) {
    discard();
    throw error;
  }
  return {
    spool,
    discard,
    publish: () => {
      if (!isPublished) renameSync(draft, spool.directory);
      isPublished = true;
    },
  };
}

/** Everything that is known of a consult, as one self-contained object. */
export function exportSpool(spool: Spool, id: ConsultId) {
  return {
    format: "phone-opus consult 1",
    consult_id: id,
    request: spool.readRequest() ?? null,
    run: spool.readRun() ?? null,
    outcome: spool.readOutcome() ?? null,
    stdout: readTextIfPresent(spool.stdoutPath) ?? null,
    stderr: readTextIfPresent(spool.stderrPath) ?? null,
  };
}

/** What is left of it goes with the spool. */
function removeQuietly(path: string): void {
  try {
    removeDirectory(path);
  } catch {
    return;
  }
}

/** Undefined where the file is missing, half written by hand, or of another version. */
export function readRecord<T>(
  path: string,
  schema: z.ZodType<T>,
): T | undefined {
  const json = parseJson(readTextIfPresent(path) ?? "");
  return json.ok ? schema.safeParse(json.value).data : undefined;
}

/** The same where a file that cannot be read is as good as none. */
export function readRecordIfPossible<T>(
  path: string,
  schema: z.ZodType<T>,
): T | undefined {
  try {
    return readRecord(path, schema);
  } catch {
    return undefined;
  }
}

function readTail(path: string, bytes: number): string {
  const size = sizeOfFile(path);
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
    let start = 0;
    // The cut may have gone through a character: its rest is no text.
    if (size > tail.length) {
      while (((tail[start] ?? 0) & 0xc0) === 0x80) start += 1;
    }
    return tail.subarray(start, count).toString("utf8").trim();
  } finally {
    closeSync(descriptor);
  }
}
