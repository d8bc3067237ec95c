// Keeps one worker: starts it on demand, hands it operations, notices its end. Several
// calls at once share it; a call that finds it dead starts the next generation.

import { type FaultRecord, faultRecord } from "../base/fault.ts";
import {
  type ConsultId,
  firstGeneration,
  type Generation,
  nextGeneration,
  type ProcessIdentity,
} from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { sendSignal } from "../sys/processes.ts";
import type { Exit, PipedProcess, SpawnPiped } from "../sys/spawn.ts";
import {
  createWorkerChannel,
  helloProblem,
  type WorkerChannel,
} from "../wire/channel.ts";
import type { Accepted, WireOutcome, WireProgress } from "../wire/messages.ts";

export interface KeeperOptions {
  /** `phone-opus mcp worker`, to which the generation is added. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** This host, as whose the runs go. */
  readonly owner: ProcessIdentity;
  readonly spawn: SpawnPiped;
  readonly clock: Clock;
  readonly maxLineBytes: number;
  readonly onReady: (generation: Generation) => void;
  readonly onLost: (generation: Generation) => void;
  readonly onComplaint: (detail: string) => void;
}

export interface ConsultCall {
  readonly kind: "consult" | "attach";
  readonly consultId: ConsultId;
  readonly arguments: JsonObject;
  readonly signal: AbortSignal;
  readonly onAccepted: (accepted: Accepted) => void;
  readonly onProgress: (progress: WireProgress) => void;
}

export interface Keeper {
  /** One attempt on the worker of the day. */
  consult(call: ConsultCall): Promise<WireOutcome>;
  /** The answer has reached the client. */
  delivered(consultId: ConsultId): void;
  generation(): Generation;
  isAlive(): boolean;
  /** Says farewell: the worker ends what nobody will fetch, and exits by itself. */
  end(reason: string): void;
}

interface LiveWorker {
  readonly generation: Generation;
  readonly process: PipedProcess;
  readonly channel: WorkerChannel;
}

type Started =
  | { readonly ok: true; readonly worker: LiveWorker }
  | { readonly ok: false; readonly fault: FaultRecord };

const readyTimeoutMs = 10_000;

export function createKeeper(options: KeeperOptions): Keeper {
  let generation = firstGeneration;
  let hasSpawned = false;
  let current: Promise<Started> | undefined;
  let live: LiveWorker | undefined;
  let nextOperationId = 1;

  const lose = (worker: LiveWorker, reason: string) => {
    worker.channel.close(reason);
    if (live !== worker) return;
    live = undefined;
    current = undefined;
    options.onLost(worker.generation);
  };

  const start = async (): Promise<Started> => {
    if (hasSpawned) generation = nextGeneration(generation);
    hasSpawned = true;
    const spawned = options.spawn({
      command: [...options.command, "--generation", String(generation)],
      environment: options.environment,
    });
    if (!spawned.ok) {
      return unusable(
        generation,
        `The worker could not be started (${spawned.reason}): reinstall phone-opus if its binary is gone, then ask again.`,
      );
    }
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
    const worker = { generation, process, channel };
    live = worker;
    void watch(worker, lose);

    const over = new AbortController();
    const hello = await Promise.race([
      channel.hello,
      sleep(options.clock, readyTimeoutMs, over.signal).then(() => undefined),
    ]);
    over.abort();
    const problem = helloProblem(hello);
    if (problem !== undefined) {
      lose(worker, problem);
      sendSignal(process.pid, "SIGKILL");
      return unusable(
        worker.generation,
        `The worker is not usable (${problem}): ask again, and see its messages on standard error if it happens twice.`,
      );
    }
    options.onReady(worker.generation);
    return { ok: true, worker };
  };

  return {
    consult: async (call) => {
      const attempt = (current ??= start());
      const started = await attempt;
      if (!started.ok) {
        if (current === attempt) current = undefined;
        return { status: "fault", fault: started.fault };
      }
      const { channel } = started.worker;
      const id = nextOperationId;
      nextOperationId += 1;
      const cancel = () => channel.cancel(id, String(call.signal.reason));
      const answer = channel.execute(
        {
          kind: "execute",
          id,
          operation: call.kind,
          consult_id: call.consultId,
          arguments: call.arguments,
          owner: options.owner,
        },
        call,
      );
      if (call.signal.aborted) cancel();
      call.signal.addEventListener("abort", cancel, { once: true });
      try {
        return await answer;
      } finally {
        call.signal.removeEventListener("abort", cancel);
      }
    },
    generation: () => generation,
    isAlive: () => live !== undefined,
    delivered: (consultId) =>
      live?.channel.tell({
        kind: "delivered",
        consult_id: consultId,
        owner: options.owner,
      }),
    end: (reason) => {
      live?.channel.tell({ kind: "end", reason });
      live?.process.closeStdin();
    },
  };
}

/** Reads the worker to its end and reports its loss once. */
async function watch(
  worker: LiveWorker,
  lose: (worker: LiveWorker, reason: string) => void,
): Promise<void> {
  const { process, channel } = worker;
  try {
    for await (const bytes of process.stdout) channel.receive(bytes);
  } catch {
    // A read that fails tells no more than the exit below.
  }
  lose(
    worker,
    `The worker ended before it answered (${describeExit(await process.exited)}): ask again.`,
  );
}

function describeExit({ code, signal }: Exit): string {
  return signal === undefined ? `exit code ${code}` : `killed by ${signal}`;
}

function unusable(generation: Generation, detail: string): Started {
  const fault = faultRecord({
    code: "process_failure",
    stage: "host",
    operation: "worker.start",
    generation,
    detail,
  });
  return { ok: false, fault };
}
