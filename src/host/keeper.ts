// Keeps one worker: hands it operations, notices its end, carries out what
// supervise/lifecycle.ts decides. Several calls at once share it; those that find none
// wait for the next generation, or are refused when there will be none for long.

import type { FaultRecord } from "../base/fault.ts";
import {
  type ConsultId,
  firstGeneration,
  type Generation,
  nextGeneration,
  type ProcessIdentity,
} from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import {
  initialLifecycle,
  isAtRest,
  type Lifecycle,
  type LifecycleEffect,
  type LifecycleEvent,
  stepLifecycle,
} from "../supervise/lifecycle.ts";
import type { RestartBudget } from "../supervise/budget.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { sendSignal } from "../sys/processes.ts";
import { helloProblem } from "../wire/channel.ts";
import { createDeliveries } from "./deliveries.ts";
import { type KeeperState, withoutWorker } from "./keeper-state.ts";
import {
  type LiveWorker,
  readToItsEnd,
  retireWorker,
  spawnWorker,
  watchSilence,
  type WorkerSpawning,
} from "./live-worker.ts";
import { createWaitingRoom } from "./waiting-room.ts";
import { abandonedFault, ejectedFault } from "./worker-faults.ts";
import type { Accepted, WireOutcome, WireProgress } from "../wire/messages.ts";

export interface KeeperOptions extends WorkerSpawning {
  /** This host, as whose the runs go. */
  readonly owner: ProcessIdentity;
  readonly clock: Clock;
  readonly budget: RestartBudget;
  /** From the image before. */
  readonly earlier?: KeeperState | undefined;
  /** A worker takes the place of one that was lost or told to stop. */
  readonly onRestart: () => void;
  /** A call is asked again, since its worker was replaced. */
  readonly onRedispatch: () => void;
  /** A call was handed to the worker with this pid. */
  readonly onDispatched: (pid: number) => void;
  readonly onReady: (generation: Generation) => void;
  readonly onLost: (generation: Generation) => void;
  /** No worker is there or on its way, until somebody asks for one. */
  readonly onAtRest: () => void;
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
  /** `absent`, `starting`, `ready`, `waiting` for a back-off, or `ejected`. */
  phase(): Lifecycle["kind"];
  /** Forgets losses and ejection, and lets the next generation take over. */
  reload(): void;
  /**
   * Ends the worker and starts none until `resume`; calls wait meanwhile. Resolves when
   * no worker of ours is left.
   */
  suspend(): Promise<void>;
  resume(): void;
  /** What the next image must know. */
  state(): KeeperState;
  /** Says farewell: the worker ends what nobody will fetch, and exits by itself. */
  end(reason: string): void;
}

type Started =
  | { readonly ok: true; readonly worker: LiveWorker }
  | { readonly ok: false; readonly fault: FaultRecord };

const readyTimeoutMs = 10_000;
/** What calls in flight are told when their worker has to go; they ask again. */
const replaced = "The worker was replaced.";

export function createKeeper(options: KeeperOptions): Keeper {
  const { clock, earlier } = options;
  let state: Lifecycle = earlier?.lifecycle ?? initialLifecycle;
  let generation = earlier?.generation ?? firstGeneration;
  let hasSpawned = earlier?.has_spawned ?? false;
  let isSuspended = false;
  let live: LiveWorker | undefined;
  const leaving = new Set<Promise<void>>();
  const waiting = createWaitingRoom<Started>();
  const deliveries = createDeliveries(options.owner, earlier?.undelivered);
  let lastLoss = "";
  let nextOperationId = 1;
  let takeBackWake = () => {};

  const happen = (event: LifecycleEvent) => {
    const step = stepLifecycle(
      state,
      event,
      clock.monotonicMs(),
      options.budget,
    );
    const wasAtRest = isAtRest(state);
    state = step.state;
    if (isAtRest(state) && !wasAtRest) options.onAtRest();
    for (const effect of step.effects) perform(effect);
  };

  const perform = (effect: LifecycleEffect) => {
    switch (effect.kind) {
      case "start":
        void start();
        return;
      case "stop":
        return retire();
      case "wake_at":
        takeBackWake();
        takeBackWake = clock.after(
          Math.max(0, effect.atMs - clock.monotonicMs()),
          () => happen({ kind: "woke" }),
        );
        return;
      case "refuse":
        return waiting.release({
          ok: false,
          fault: ejectedFault(clock, generation, lastLoss, effect.untilMs),
        });
    }
  };

  const retire = () => {
    if (live === undefined) return;
    const worker = live;
    live = undefined;
    const gone = retireWorker(worker, clock, replaced).then(() => {
      leaving.delete(gone);
    });
    leaving.add(gone);
  };

  const tellDeliveries = () => {
    if (live !== undefined) deliveries.tell(live.channel);
  };

  const lose = (reason: string) => {
    lastLoss = reason;
    deliveries.lost();
    options.onLost(generation);
    happen({ kind: "lost", isDemanded: !waiting.isEmpty() });
  };

  const start = async (): Promise<void> => {
    if (hasSpawned) {
      generation = nextGeneration(generation);
      options.onRestart();
    }
    hasSpawned = true;
    const spawned = spawnWorker(options, generation);
    if (!spawned.ok) {
      // After this turn: an effect must not step the machine that ordered it.
      await Promise.resolve();
      return lose(`it could not be started: ${spawned.reason}`);
    }
    const { worker } = spawned;
    live = worker;
    void readToItsEnd(worker).then((reason) => {
      worker.channel.close(`The worker ended before it answered (${reason}).`);
      // One that was told to stop is nobody's loss.
      if (live !== worker) return;
      live = undefined;
      lose(reason);
    });

    const over = new AbortController();
    const hello = await Promise.race([
      worker.channel.hello,
      sleep(clock, readyTimeoutMs, over.signal).then(() => undefined),
    ]);
    over.abort();
    if (live !== worker) return;
    const problem = helloProblem(hello);
    if (problem !== undefined) {
      options.onComplaint(problem);
      sendSignal(worker.process.pid, "SIGKILL");
      return;
    }
    options.onReady(worker.generation);
    happen({ kind: "ready" });
    tellDeliveries();
    waiting.release({ ok: true, worker });
  };

  /** The live worker, or the next one. */
  const workerFor = (signal: AbortSignal): Promise<Started> => {
    if (state.kind === "ready" && live !== undefined) {
      return Promise.resolve({ ok: true, worker: live });
    }
    const started = waiting.enter(signal, () => ({
      ok: false,
      fault: abandonedFault(signal),
    }));
    if (!isSuspended) happen({ kind: "demand" });
    return started;
  };

  const attempt = async (call: ConsultCall): Promise<WireOutcome> => {
    const started = await workerFor(call.signal);
    if (!started.ok) return { status: "fault", fault: started.fault };
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
    options.onDispatched(started.worker.process.pid);
    const stopWatching = watchSilence(started.worker, clock);
    if (call.signal.aborted) cancel();
    call.signal.addEventListener("abort", cancel, { once: true });
    try {
      const outcome = await answer;
      if (live === started.worker) happen({ kind: "answered" });
      return outcome;
    } finally {
      stopWatching();
      call.signal.removeEventListener("abort", cancel);
    }
  };

  if (state.kind === "ejected") {
    perform({ kind: "wake_at", atMs: state.untilMs });
  }
  return {
    consult: async (call) => {
      for (;;) {
        const outcome = await attempt(call);
        // Replaced on purpose, it is no failed attempt.
        const isReplaced =
          outcome.status === "fault" && outcome.fault.fault.detail === replaced;
        if (!isReplaced || call.signal.aborted) return outcome;
        options.onRedispatch();
      }
    },
    delivered: (consultId) => {
      deliveries.add(consultId);
      tellDeliveries();
    },
    end: (reason) => {
      live?.channel.tell({ kind: "end", reason });
      live?.process.closeStdin();
    },
    generation: () => generation,
    isAlive: () => live !== undefined,
    phase: () => state.kind,
    reload: () => {
      happen({ kind: "reload" });
      if (!waiting.isEmpty() && !isSuspended) happen({ kind: "demand" });
    },
    suspend: async () => {
      isSuspended = true;
      happen({ kind: "suspend" });
      await Promise.all(leaving);
    },
    resume: () => {
      isSuspended = false;
      if (!waiting.isEmpty()) happen({ kind: "demand" });
    },
    state: () => ({
      generation,
      has_spawned: hasSpawned,
      lifecycle: withoutWorker(state),
      undelivered: deliveries.untold(),
    }),
  };
}
