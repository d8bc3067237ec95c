// The way from the session to its consults, put together: worker, breaker, and the
// consults themselves, with what is counted on the way.

import type { ProcessIdentity } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";
import { sendSignal } from "../sys/processes.ts";
import {
  definedVariables,
  type Environment,
  type Settings,
} from "../sys/settings.ts";
import type { SpawnPiped } from "../sys/spawn.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { Capsule } from "./capsule.ts";
import { type Circuit, createCircuit } from "./circuit.ts";
import { type Consults, createConsults } from "./consults.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import type { TestHooks } from "./test-hooks.ts";

export interface DownstreamOptions {
  /** How this program is started. */
  readonly program: readonly string[];
  readonly environment: Environment;
  readonly settings: Settings;
  readonly owner: ProcessIdentity;
  readonly consultsDirectory: string;
  readonly spawn: SpawnPiped;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly hooks: TestHooks;
  readonly earlier: Capsule | undefined;
  readonly log: (line: string) => void;
}

export interface Downstream {
  readonly keeper: Keeper;
  readonly circuit: Circuit;
  readonly consults: Consults;
}

const operation = "tools/call:consult";

export function createDownstream(options: DownstreamOptions): Downstream {
  const { settings, counters, clock, owner, earlier, log } = options;
  const keeper = createKeeper({
    command: [...options.program, "mcp", "worker"],
    environment: definedVariables(options.environment),
    earlier: earlier?.keeper,
    owner,
    spawn: options.spawn,
    clock,
    maxLineBytes: settings.maxLineBytes,
    budget: {
      intensity: settings.restarts,
      periodMs: settings.restartPeriodMs,
    },
    onRestart: () => counters.recordWorkerRestart(),
    onRedispatch: () => counters.recordRetry(operation),
    onDispatched: (pid) => {
      if (options.hooks.takes("crash_worker", operation)) {
        sendSignal(pid, "SIGKILL");
      }
    },
    onReady: (generation) => counters.recordWorkerReady(generation),
    onLost: () => counters.recordWorkerLost(!consults.isIdle()),
    onAtRest: () => counters.recordWorkerLost(false),
    onComplaint: log,
  });
  const circuit = createCircuit(
    { failures: settings.breakerFailures, openMs: settings.breakerMs },
    clock,
    earlier?.circuit,
  );
  const consults = createConsults({
    keeper,
    circuit,
    consultsDirectory: options.consultsDirectory,
    owner,
    clock,
    onRetry: () => counters.recordRetry(operation),
    log,
  });
  return { keeper, circuit, consults };
}
