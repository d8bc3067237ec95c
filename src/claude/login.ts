// Keeps the login alive for a confined run. Claude renews an OAuth login by a lock and a
// new file in its state directory, where a confined one may not write; so it is renewed
// from outside, by Claude's own `auth status`, which asks no model. Measured: within
// five minutes of its end that command renews the login, and the running Claude reads
// the new one. Without the lock a confined Claude does not try, so none is lost.

import { z } from "zod";
import { credentialsPath } from "../sandbox/claude-places.ts";
import { readRecordIfPossible, type RunRecord } from "../consult/spool.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import type { Environment } from "../sys/settings.ts";
import { inheritedEnvironment } from "./environment.ts";
import type { Downstream } from "./prepare.ts";
import { isAtLeast, type Version } from "./version.ts";

/** Lets Claude at `path` renew the user's login, if it is time. */
export type RenewLogin = (
  path: string,
  environment: Environment,
) => Promise<void>;

/** The first that this was tried with; an older one might take the words for a prompt. */
const renewsSince: Version = [2, 1, 248];
/** Claude itself renews what ends within five minutes. */
const renewBeforeMs = 240_000;
const shortestLookMs = 60_000;
/** Timers hold no more than 24 days, and others may renew or drop the login, too. */
const longestLookMs = 3_600_000;

export interface LoginOptions {
  readonly claudePath: string;
  readonly claudeVersion: string;
  readonly environment: Environment;
  readonly home: string;
  readonly clock: Clock;
  readonly renew: RenewLogin;
}

/** Of a run, before or after its start. */
export function loginOf(
  ports: Downstream & { readonly clock: Clock },
  run: Pick<RunRecord, "claude_path" | "claude_version">,
  cwd: string,
): LoginOptions {
  return {
    claudePath: run.claude_path,
    claudeVersion: run.claude_version,
    environment: inheritedEnvironment(ports, cwd),
    home: ports.home,
    clock: ports.clock,
    renew: ports.renewLogin,
  };
}

/** Renews a login that ends now or in minutes; else returns at once. */
export async function renewLoginIfDue(options: LoginOptions): Promise<void> {
  const dueMs = msUntilDue(options);
  if (dueMs === undefined || dueMs > 0) return;
  // What goes wrong here Claude will say itself, and better.
  await options
    .renew(options.claudePath, options.environment)
    .catch(() => undefined);
}

/** Renews it again and again until the run is over. */
export async function keepLogin(
  options: LoginOptions,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    const dueMs = msUntilDue(options);
    if (dueMs === undefined) return;
    const lookMs = Math.max(shortestLookMs, Math.min(dueMs, longestLookMs));
    await sleep(options.clock, lookMs, over);
    if (!over.aborted) await renewLoginIfDue(options);
  }
}

const credentialsSchema = z.object({
  claudeAiOauth: z.object({
    expiresAt: z.number(),
    refreshToken: z.string().min(1),
  }),
});

/** Undefined where no login is kept in a file, or another one is used. */
function msUntilDue(options: LoginOptions): number | undefined {
  const { environment, home, clock } = options;
  if (!isAtLeast(options.claudeVersion, renewsSince)) return undefined;
  if (otherLogins.some((name) => environment[name])) return undefined;
  const path = credentialsPath(environment, home);
  const login = readRecordIfPossible(path, credentialsSchema)?.claudeAiOauth;
  if (login === undefined) return undefined;
  return Math.max(0, login.expiresAt - renewBeforeMs - clock.unixMs());
}

const otherLogins = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",
];

const renewTimeoutMs = 20_000;

export const renewByStatus: RenewLogin = async (path, environment) => {
  const child = Bun.spawn([path, "auth", "status"], {
    cwd: "/",
    env: { ...environment },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: renewTimeoutMs,
    killSignal: "SIGKILL",
  });
  await child.exited;
};
