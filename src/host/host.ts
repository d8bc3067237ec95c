// The host: the stable process that owns the public session. Wires transport, MCP
// face, dispatch, keeper and telemetry together, and ends with its client.

import { createKeeper } from "./keeper.ts";
import { launchBinary } from "./binary.ts";
import { createDispatch } from "./dispatch.ts";
import { createSessionObserver } from "./observer.ts";
import { createSession } from "./session.ts";
import { serveMcp } from "./mcp.ts";
import { createSessionTransport } from "./transport.ts";
import type { ConsultId } from "../base/ids.ts";
import { version } from "../base/version.ts";
import type { Clock } from "../sys/clock.ts";
import { newConsultId } from "../sys/ids.ts";
import type { LineOutput } from "../sys/output.ts";
import type { StatePaths } from "../sys/paths.ts";
import { type Environment, parseSettings } from "../sys/settings.ts";
import type { SpawnPiped } from "../sys/spawn.ts";
import { createCounters } from "../telemetry/counters.ts";
import { createTelemetryLog } from "../telemetry/log.ts";
import type { HealthSnapshot } from "../tools/snapshots.ts";

export interface HostOptions {
  /** How this program was started: the executable, and a script if there is one. */
  readonly program: readonly string[];
  readonly launchPath: string;
  readonly workingDirectory: string;
  readonly environment: Environment;
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly spawn: SpawnPiped;
  readonly output: LineOutput;
  /** A line for standard error. */
  readonly log: (line: string) => void;
}

export interface Host {
  receive(bytes: Uint8Array): void;
  /** The client is gone. Returns at once; the worker ends what still runs. */
  end(): void;
}

export function createHost(options: HostOptions): Host {
  const { clock, output, log, environment, paths } = options;
  const parsed = parseSettings(environment);
  // A server that does not start is a riddle to its user; one that says on the first
  // consult which variable is wrong is not.
  if (!parsed.ok) log(parsed.problem);
  const settings = parsed.ok ? parsed.settings : defaultSettings();

  const binary = launchBinary(options.launchPath);
  const counters = createCounters(clock);
  const running = new Map<ConsultId, number>();

  const keeper = createKeeper({
    command: [...options.program, "mcp", "worker"],
    environment: workerEnvironment(environment),
    spawn: options.spawn,
    clock,
    maxLineBytes: settings.maxLineBytes,
    onReady: (generation) =>
      counters.recordWorkerReady(generation, generation > 1),
    onLost: () => counters.recordWorkerLost(),
    onComplaint: log,
  });

  const health = (): HealthSnapshot => {
    const {
      methods: _,
      totals: __,
      host_rollouts: ___,
      ...lifecycle
    } = counters.snapshot();
    return {
      ...lifecycle,
      version,
      pid: process.pid,
      generation: keeper.generation(),
      rollout: binary.isReplaced() ? "pending" : "stable",
      worker_alive: keeper.isAlive(),
      launch_path: binary.path,
      launch_path_stable: binary.isPathStable,
      running: [...running].map(([id, startedMs]) => ({
        consult_id: id,
        running_ms: Math.round(clock.monotonicMs() - startedMs),
      })),
    };
  };

  const dispatch = createDispatch({
    keeper,
    health,
    telemetry: () => counters.snapshot(),
    newConsultId,
    onConsult: (id) => {
      running.set(id, clock.monotonicMs());
      return () => void running.delete(id);
    },
    configurationProblem: parsed.ok ? undefined : parsed.problem,
  });

  const transport = createSessionTransport({
    session: createSession(),
    observer: createSessionObserver({
      counters,
      clock,
      log: createTelemetryLog({
        path: paths.telemetryLog,
        repoRoot: options.workingDirectory,
        clock,
        onFailure: (reason) => log(`telemetry is not recorded: ${reason}`),
      }),
    }),
    output,
    clock,
    maxLineBytes: settings.maxLineBytes,
  });
  serveMcp({ transport, dispatch, onError: (error) => log(error.message) });

  return {
    receive: (bytes) => transport.receive(bytes),
    end: () => {
      transport.end();
      keeper.end();
    },
  };
}

function defaultSettings() {
  const parsed = parseSettings({});
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.settings;
}

/** Bun obeys these two; a worker must be nothing but a worker. */
function workerEnvironment(environment: Environment): Record<string, string> {
  const { BUN_OPTIONS: _, BUN_BE_BUN: __, ...others } = environment;
  return Object.fromEntries(
    Object.entries(others).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
