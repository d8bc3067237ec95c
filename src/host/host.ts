// The host: the stable process that owns the public session. Wires transport, MCP
// face, dispatch, keeper and telemetry together, and ends with its client.

import { launchBinary } from "./binary.ts";
import { defaultWaitMs } from "./client-limits.ts";
import { createCircuit } from "./circuit.ts";
import { createConsultTools } from "./consult-tools.ts";
import { createConsults } from "./consults.ts";
import { createDispatch } from "./dispatch.ts";
import { createKeeper } from "./keeper.ts";
import { createSessionObserver } from "./observer.ts";
import { createSession } from "./session.ts";
import { serveMcp } from "./mcp.ts";
import { createSessionTransport } from "./transport.ts";
import type { ConsultId, RequestId } from "../base/ids.ts";
import { version } from "../base/version.ts";
import {
  describeKernelLayer,
  insufficiency,
  type KernelLayer,
} from "../sandbox/probe.ts";
import { spoolAt } from "../consult/spool.ts";
import type { Clock } from "../sys/clock.ts";
import { sizeOfFile } from "../sys/files.ts";
import { newConsultId } from "../sys/ids.ts";
import { identifyProcess } from "../sys/processes.ts";
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
  readonly kernel: KernelLayer;
  /** Whether to take no more from the client for now. */
  readonly onPressure: (isHigh: boolean) => void;
  /** A line for standard error. */
  readonly log: (line: string) => void;
}

export interface Host {
  receive(bytes: Uint8Array): void;
  /** Clears breaker and ejection and lets a new worker take over. */
  reload(): void;
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
  // Which answers, once written, are the end of which consults.
  const concluding = new Map<RequestId, ConsultId>();
  let lastClaudeVersion: string | undefined;
  const owner = identifyProcess(process.pid);
  if (owner === undefined) throw new Error("this process cannot see itself");

  const keeper = createKeeper({
    command: [...options.program, "mcp", "worker"],
    environment: workerEnvironment(environment),
    owner,
    spawn: options.spawn,
    clock,
    maxLineBytes: settings.maxLineBytes,
    budget: {
      intensity: settings.restarts,
      periodMs: settings.restartPeriodMs,
    },
    onRestart: () => counters.recordWorkerRestart(),
    onRedispatch: () => counters.recordRetry("tools/call:consult"),
    onReady: (generation) => counters.recordWorkerReady(generation),
    onLost: () => counters.recordWorkerLost(consults.live().length > 0),
    onComplaint: log,
  });

  const ledger = { path: paths.ledger, consultsDirectory: paths.consults };
  const circuit = createCircuit(
    { failures: settings.breakerFailures, openMs: settings.breakerMs },
    clock,
  );
  const consults = createConsults({
    keeper,
    circuit,
    consultsDirectory: paths.consults,
    owner,
    clock,
    onRetry: () => counters.recordRetry("tools/call:consult"),
    log,
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
      worker_phase: keeper.phase(),
      breaker: circuit.state(),
      launch_path: binary.path,
      launch_path_stable: binary.isPathStable,
      oldest_run_ms: Math.round(
        Math.max(
          0,
          ...consults
            .live()
            .map(({ startedMs }) => clock.monotonicMs() - startedMs),
        ),
      ),
      claude_version: lastClaudeVersion ?? null,
      ledger_bytes: sizeOfFile(paths.ledger),
      sandbox: {
        mode: settings.sandbox,
        kind: options.kernel.kind,
        detail: describeKernelLayer(options.kernel),
        is_missing:
          settings.sandbox === "required" &&
          insufficiency(options.kernel) !== undefined,
      },
      running: consults.live().map((consult) => ({
        consult_id: consult.consultId,
        running_ms: Math.round(clock.monotonicMs() - consult.startedMs),
        progress: consult.message,
        queue_position: consult.queuePosition,
      })),
    };
  };

  const dispatch = createDispatch({
    consultTools: createConsultTools({
      consults,
      ledger,
      newConsultId,
      waitMs: ({ clientName }) => settings.waitMs ?? defaultWaitMs(clientName),
      onConcluded: ({ requestId }, consultId) => {
        concluding.set(requestId, consultId);
        lastClaudeVersion =
          spoolAt(paths.consults, consultId).readRun()?.claude_version ??
          lastClaudeVersion;
      },
    }),
    health,
    telemetry: () => counters.snapshot(),
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
    onPressure: options.onPressure,
    onDelivered: (requestId) => {
      const consultId = concluding.get(requestId);
      concluding.delete(requestId);
      if (consultId !== undefined) keeper.delivered(consultId);
    },
  });
  serveMcp({
    transport,
    dispatch,
    ledger,
    onError: (error) => log(error.message),
  });

  return {
    receive: (bytes) => transport.receive(bytes),
    reload: () => {
      circuit.reload();
      keeper.reload();
      counters.recordReload();
    },
    end: () => {
      consults.end("The client ended the session, and the consult with it.");
      transport.end();
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
