// What a process needs to take consults in and wait for them, wired from its settings.
// Used by workers and by the command line alike.

import { join } from "node:path";
import type { AcceptOptions } from "../consult/accept.ts";
import { createAdmission } from "../consult/admission.ts";
import type { DirectoryRules } from "../consult/request.ts";
import type { Clock } from "../sys/clock.ts";
import type { StatePaths } from "../sys/paths.ts";
import {
  definedVariables,
  type Environment,
  type Settings,
} from "../sys/settings.ts";
import { spawnDetached } from "../sys/spawn.ts";
import type { AttachPorts } from "./attach.ts";

export interface ConsultPorts extends AttachPorts {
  readonly acceptance: Omit<AcceptOptions, "owner">;
  readonly rules: DirectoryRules;
}

export interface ConsultPortsOptions {
  /** How this program is started. */
  readonly program: readonly string[];
  readonly environment: Environment;
  readonly paths: StatePaths;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly baseDirectory: string;
  readonly log: (line: string) => void;
}

export function consultPorts(options: ConsultPortsOptions): ConsultPorts {
  const { paths, clock, log, program, settings } = options;
  const ledger = {
    path: paths.ledger,
    consultsDirectory: paths.consults,
    onSetAside: (path: string) =>
      log(`the ledger was damaged; it is now ${path}`),
  };
  return {
    clock,
    maxLineBytes: settings.maxLineBytes,
    rules: {
      baseDirectory: options.baseDirectory,
      allowedRoots: settings.allowedRoots,
    },
    acceptance: {
      ledger,
      clock,
      log,
      maxRunning: settings.maxRunning,
      maxQueued: settings.maxQueued,
    },
    admission: createAdmission({
      ledger,
      clock,
      log,
      maxRunning: settings.maxRunning,
    }),
    startRunner: (consultId, spool) =>
      spawnDetached({
        command: [...program, "mcp", "runner", consultId],
        environment: definedVariables(options.environment),
        stderrPath: join(spool.directory, "runner.log"),
      }),
  };
}
