// Rehearses a handoff with a binary that might take over: it is started with a capsule
// of this very session, must restore it and say what it would serve.

import { z } from "zod";
import { describeError, parseJson } from "../base/json.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { removeIfPossible } from "../sys/files.ts";
import { sendSignal } from "../sys/processes.ts";
import type { PipedProcess, SpawnPiped } from "../sys/spawn.ts";
import { shownToolSchema } from "./capsule.ts";
import { capsuleVariable } from "./capsule-file.ts";

/** What a candidate prints, as one line of JSON, when it could go on. */
export const proofSchema = z.object({
  ready: z.literal(true),
  version: z.string(),
  tools: z.array(shownToolSchema),
});
export type Proof = z.infer<typeof proofSchema>;

export type Rehearsal =
  | { readonly ok: true; readonly proof: Proof }
  /** A clause that goes on from "the new binary …". */
  | {
      readonly ok: false;
      readonly reason: string;
      /** It says nothing about the candidate: worth another try. */
      readonly obstacle?: "still written" | "no capsule";
    };

export interface RehearsalOptions {
  /** The candidate, with what makes it a host. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly spawn: SpawnPiped;
  readonly clock: Clock;
  readonly limitMs: number;
  /** Writes the capsule, for this rehearsal alone; throws the system error. */
  readonly writeCapsule: () => string;
  /** Aborted when nobody wants to know any more: the candidate is ended. */
  readonly signal: AbortSignal;
}

/** More than any catalogue. */
const maxProofBytes = 4 << 20;

export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  let capsulePath: string;
  try {
    capsulePath = options.writeCapsule();
  } catch (error) {
    const why = describeError(error);
    return {
      ok: false,
      reason: `could not be given this session (${why})`,
      obstacle: "no capsule",
    };
  }
  try {
    const spawned = options.spawn({
      command: [...options.command, "--prove"],
      environment: { ...options.environment, [capsuleVariable]: capsulePath },
      stderr: "ignore",
    });
    return spawned.ok
      ? await judge(spawned.process, options)
      : {
          ok: false,
          reason: `cannot be started (${spawned.reason})`,
          ...(spawned.code === "ETXTBSY" ? { obstacle: "still written" } : {}),
        };
  } finally {
    removeIfPossible(capsulePath);
  }
}

async function judge(
  process: PipedProcess,
  { clock, limitMs, signal: abandoned }: RehearsalOptions,
): Promise<Rehearsal> {
  const over = new AbortController();
  const printed = readBounded(process.stdout);
  const ended = Promise.all([printed, process.exited]);
  const first = await Promise.race([
    ended,
    sleep(clock, limitMs, AbortSignal.any([over.signal, abandoned])).then(
      () => undefined,
    ),
  ]);
  over.abort();
  if (first === undefined) {
    // Its whole session: it may be a script that started others.
    sendSignal(-process.pid, "SIGKILL");
    sendSignal(process.pid, "SIGKILL");
    return {
      ok: false,
      reason: `was not ready within ${limitMs / 1000} s`,
    };
  }
  const [text, { code, signal }] = first;
  if (text === undefined) {
    return { ok: false, reason: "printed more than a proof can hold" };
  }
  if (signal !== undefined) return { ok: false, reason: `died of ${signal}` };
  const json = parseJson(text);
  const proof = proofSchema.safeParse(json.ok ? json.value : undefined);
  if (proof.success && code === 0) return { ok: true, proof: proof.data };
  const problem = problemSchema.safeParse(json.ok ? json.value : undefined);
  return {
    ok: false,
    reason: problem.success
      ? `cannot go on with this session: ${problem.data.problem}`
      : `did not say that it is ready (exit code ${code})`,
  };
}

/** What a candidate prints instead when it could not. */
export const problemSchema = z.object({
  ready: z.literal(false),
  problem: z.string(),
});

/** Undefined for more than the limit; the rest is read and dropped. */
async function readBounded(
  stdout: ReadableStream<Uint8Array>,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const bytes of stdout) {
      length += bytes.length;
      if (length <= maxProofBytes) chunks.push(bytes);
    }
  } catch {
    // What was read until then is judged.
  }
  return length > maxProofBytes
    ? undefined
    : Buffer.concat(chunks).toString("utf8");
}
