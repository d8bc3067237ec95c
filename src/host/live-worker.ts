// One worker process with the channel over its pipes.

import type { Generation } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import { sendSignal } from "../sys/processes.ts";
import type { Exit, PipedProcess, SpawnPiped } from "../sys/spawn.ts";
import { createWorkerChannel, type WorkerChannel } from "../wire/channel.ts";

export interface WorkerSpawning {
  /** `phone-opus mcp worker`, to which the generation is added. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly spawn: SpawnPiped;
  readonly maxLineBytes: number;
  readonly onComplaint: (detail: string) => void;
}

export interface LiveWorker {
  readonly generation: Generation;
  readonly process: PipedProcess;
  readonly channel: WorkerChannel;
  /** Grows with whatever it says. */
  heard(): number;
}

export type SpawnedWorker =
  | { readonly ok: true; readonly worker: LiveWorker }
  | { readonly ok: false; readonly reason: string };

export function spawnWorker(
  options: WorkerSpawning,
  generation: Generation,
): SpawnedWorker {
  const spawned = options.spawn({
    command: [...options.command, "--generation", String(generation)],
    environment: options.environment,
  });
  if (!spawned.ok) return spawned;
  const { process } = spawned;
  const channel = createWorkerChannel({
    generation,
    maxLineBytes: options.maxLineBytes,
    send: (line) => {
      // A broken pipe means that the worker is gone, which its exit tells as well.
      process.write(`${line}\n`).catch(() => {});
    },
    onComplaint: options.onComplaint,
  });
  let heard = 0;
  const receive = (bytes: Uint8Array) => {
    heard += bytes.length;
    channel.receive(bytes);
  };
  const listening = { ...channel, receive };
  return {
    ok: true,
    worker: { generation, process, channel: listening, heard: () => heard },
  };
}

/** Reads the worker to its end; resolves with how it ended. */
export async function readToItsEnd({
  process,
  channel,
}: LiveWorker): Promise<string> {
  try {
    for await (const bytes of process.stdout) channel.receive(bytes);
  } catch {
    // A read that fails tells no more than the exit below.
  }
  return describeExit(await process.exited);
}

const silenceLookMs = 5000;
/** It tells every five seconds how each of its calls goes. */
const silentLooks = 6;

/**
 * Ends a worker that owes an answer and hangs: its runs go on, and the next one tells
 * of them. Looks are counted, not time: a host that slept itself heard nothing either.
 * Returns what ends the watch.
 */
export function watchSilence(
  { process, heard }: Pick<LiveWorker, "process" | "heard">,
  clock: Clock,
): () => void {
  let before = heard();
  let silent = 0;
  let takeBack = () => {};
  const look = () => {
    const now = heard();
    silent = now === before ? silent + 1 : 0;
    before = now;
    if (silent === silentLooks) sendSignal(process.pid, "SIGKILL");
    takeBack = clock.after(silenceLookMs, look);
  };
  takeBack = clock.after(silenceLookMs, look);
  return () => takeBack();
}

const retireMs = 2000;

/**
 * Ends it without farewell: its runs go on, and what it owed is asked of the next one.
 * Resolves when it is gone.
 */
export async function retireWorker(
  { process, channel }: LiveWorker,
  clock: Clock,
  reason: string,
): Promise<void> {
  process.closeStdin();
  channel.close(reason);
  // One that hangs does not notice the end of its input.
  const takeBack = clock.after(retireMs, () => {
    sendSignal(process.pid, "SIGKILL");
  });
  await process.exited;
  takeBack();
}

function describeExit({ code, signal }: Exit): string {
  return signal === undefined ? `exit code ${code}` : `killed by ${signal}`;
}
