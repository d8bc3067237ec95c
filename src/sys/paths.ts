// Where this user's state lives (design §5.5).

import { join } from "node:path";
import type { Environment } from "./settings.ts";

export interface StatePaths {
  readonly root: string;
  readonly consults: string;
  readonly ledger: string;
  readonly hosts: string;
  readonly telemetryLog: string;
  /** For the moment of a handoff. */
  readonly capsules: string;
  /** Notes on handoffs that are on probation, and on those that failed. */
  readonly handoffs: string;
  readonly claudeVersions: string;
}

/** `$XDG_STATE_HOME/phone_opus`, else `~/.local/state/phone_opus`. */
export function statePaths(environment: Environment, home: string): StatePaths {
  const configured = environment["XDG_STATE_HOME"];
  // The XDG specification: a relative path is invalid and must be ignored.
  const base = configured?.startsWith("/")
    ? configured
    : join(home, ".local", "state");
  const root = join(base, "phone_opus");
  return {
    root,
    consults: join(root, "consults"),
    ledger: join(root, "ledger.sqlite"),
    hosts: join(root, "hosts"),
    telemetryLog: join(root, "mcp", "telemetry.jsonl"),
    capsules: join(root, "mcp"),
    handoffs: join(root, "mcp", "handoffs"),
    claudeVersions: join(root, "claude-versions.json"),
  };
}
