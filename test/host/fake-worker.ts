// A worker that the test plays itself, behind the port by which the keeper starts
// one: it says what the test makes it say, and ends when the test ends it.

import type { Exit, PipedProcess, SpawnPiped } from "../../src/sys/spawn.ts";
import { type ToWorker, toWorkerSchema } from "../../src/wire/messages.ts";
import { eventually } from "../process/eventually.ts";

export interface FakeWorker {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What the keeper wrote so far. */
  received(): ToWorker[];
  /** The n-th operation it was given, from 1. */
  execution(count: number): Promise<Extract<ToWorker, { kind: "execute" }>>;
  isStdinClosed(): boolean;
  print(text: string): void;
  say(message: unknown): void;
  hello(overrides?: Readonly<Record<string, unknown>>): void;
  accept(id: number, consultId: string, isAttached?: boolean): void;
  answer(id: number, result: unknown): void;
  die(exit?: Partial<Exit>): void;
}

export interface FakeSpawn {
  readonly spawn: SpawnPiped;
  readonly workers: FakeWorker[];
  /** Starts so far, those that failed among them. */
  attempts(): number;
  /** The n-th worker that did start, from 1. */
  worker(count: number): Promise<FakeWorker>;
  /** The next starts fail as the system would have them fail. */
  failWith(code: string | undefined): void;
}

/** No process has such a number: the keeper may kill it in vain. */
const nobody = 2 ** 30;

export function fakeSpawn(): FakeSpawn {
  const workers: FakeWorker[] = [];
  let failure: string | undefined;
  let attempts = 0;
  return {
    workers,
    attempts: () => attempts,
    worker: (count) =>
      eventually(`worker ${count} is started`, () => workers.at(count - 1)),
    failWith: (code) => {
      failure = code;
    },
    spawn: ({ command, environment }) => {
      attempts += 1;
      if (failure !== undefined) {
        return { ok: false, code: failure, reason: `${failure}: it failed` };
      }
      const { worker, process } = createWorker(command, environment);
      workers.push(worker);
      return { ok: true, process };
    },
  };
}

function createWorker(
  command: FakeWorker["command"],
  environment: FakeWorker["environment"],
): { worker: FakeWorker; process: PipedProcess } {
  const received: ToWorker[] = [];
  const exited = Promise.withResolvers<Exit>();
  const stdout = new TransformStream<Uint8Array, Uint8Array>();
  const writer = stdout.writable.getWriter();
  let isStdinClosed = false;
  let isDead = false;

  const print = (text: string) => {
    writer.write(Buffer.from(text)).catch(() => {});
  };
  const say = (message: unknown) => print(`${JSON.stringify(message)}\n`);
  const executions = () => received.filter((each) => each.kind === "execute");
  const worker: FakeWorker = {
    command,
    environment,
    received: () => received,
    execution: (count) =>
      eventually(`operation ${count} is given to the worker`, () =>
        executions().at(count - 1),
      ),
    isStdinClosed: () => isStdinClosed,
    print,
    say,
    hello: (overrides) =>
      say({
        kind: "hello",
        protocol: 1,
        version: "1.2.3",
        generation: Number(command.at(-1)),
        pid: nobody,
        ...overrides,
      }),
    accept: (id, consultId, isAttached = false) =>
      say({
        kind: "accepted",
        id,
        consult_id: consultId,
        is_attached: isAttached,
      }),
    answer: (id, result) =>
      say({ kind: "answer", id, outcome: { status: "success", result } }),
    die: (exit) => {
      isDead = true;
      writer.close().catch(() => {});
      exited.resolve({ code: undefined, signal: undefined, ...exit });
    },
  };
  const process: PipedProcess = {
    pid: nobody,
    exited: exited.promise,
    stdout: stdout.readable,
    write: (text) => {
      if (isDead) return Promise.reject(new Error("EPIPE"));
      for (const line of text.split("\n").slice(0, -1)) {
        received.push(toWorkerSchema.parse(JSON.parse(line)));
      }
      return Promise.resolve();
    },
    closeStdin: () => {
      isStdinClosed = true;
    },
  };
  return { worker, process };
}
