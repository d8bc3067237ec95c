// Finds the user's Claude Code: the configured binary, else `claude` on PATH, else
// where the official installers put it. The environment that an MCP client gives a
// server often lacks the PATH of the user's shell, hence the last step.

import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { Environment } from "../sys/settings.ts";

export type Found =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: string };

export interface FindOptions {
  readonly configured: string | undefined;
  readonly environment: Environment;
  readonly home: string;
}

export function findClaude(options: FindOptions): Found {
  const { configured, environment, home } = options;
  const path = environment["PATH"] ?? "";
  if (configured !== undefined) {
    const named = configured.includes("/")
      ? resolve(configured)
      : onPath(configured, path);
    if (named !== undefined && isExecutableFile(named)) {
      return { ok: true, path: named };
    }
    return {
      ok: false,
      problem: `PHONE_OPUS_CLAUDE_BIN is ${JSON.stringify(configured)}, which is no executable file: correct it or remove it.`,
    };
  }
  const found = onPath("claude", path) ?? atInstallPlaces(home);
  if (found !== undefined) return { ok: true, path: found };
  return {
    ok: false,
    problem:
      "Claude Code is not installed, or not where phone-opus looks: install it (https://claude.com/claude-code), or set PHONE_OPUS_CLAUDE_BIN to its path.",
  };
}

function onPath(name: string, path: string): string | undefined {
  return path
    .split(":")
    .filter((directory) => isAbsolute(directory))
    .map((directory) => join(directory, name))
    .find(isExecutableFile);
}

function atInstallPlaces(home: string): string | undefined {
  return [
    join(home, ".local/bin/claude"),
    join(home, ".claude/local/claude"),
    join(home, ".npm-global/bin/claude"),
    join(home, ".bun/bin/claude"),
    "/opt/homebrew/bin/claude",
    "/usr/local/bin/claude",
    "/usr/bin/claude",
  ].find(isExecutableFile);
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
