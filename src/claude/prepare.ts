// Everything that must hold before a run may cost anything: Claude is there, new
// enough, and the session to go on with is known.

import type { DownstreamReason } from "../base/fault.ts";
import { consultIdSchema } from "../base/ids.ts";
import type { ConsultRequest } from "../consult/request.ts";
import { spoolAt } from "../consult/spool.ts";
import type { Capture } from "../sys/capture.ts";
import type { KernelLayer } from "../sandbox/probe.ts";
import type { StatePaths } from "../sys/paths.ts";
import type { Environment, Settings } from "../sys/settings.ts";
import { minimumVersion, sessionIdOf } from "./command.ts";
import { cleanEnvironment } from "./environment.ts";
import { findClaude } from "./find.ts";
import type { RenewLogin } from "./login.ts";
import { type AskVersion, isAtLeast, learnVersion } from "./version.ts";

export interface Downstream {
  readonly environment: Environment;
  readonly home: string;
  readonly settings: Settings;
  readonly paths: StatePaths;
  readonly askVersion: AskVersion;
  readonly capture: Capture;
  readonly renewLogin: RenewLogin;
  /** How this program is started. */
  readonly program: readonly string[];
  readonly kernel: KernelLayer;
}

export type Prepared =
  | { readonly ok: true; readonly path: string; readonly version: string }
  | {
      readonly ok: false;
      readonly reason: DownstreamReason;
      readonly problem: string;
    };

export async function prepareClaude(downstream: Downstream): Promise<Prepared> {
  const { settings, environment, home, paths } = downstream;
  const found = findClaude({
    configured: settings.claudeBinary,
    environment,
    home,
  });
  if (!found.ok) return { ...found, reason: "not_installed" };
  const learned = await learnVersion(found.path, paths.claudeVersions, () =>
    downstream.askVersion(found.path, cleanEnvironment(environment)),
  );
  if (!learned.ok) return { ...learned, reason: "not_installed" };
  if (!isAtLeast(learned.version, minimumVersion)) {
    return {
      ok: false,
      reason: "too_old",
      problem: `Claude Code ${learned.version} at ${found.path} is too old to be run read-only, ${minimumVersion.join(".")} is the least: update it with \`claude update\`.`,
    };
  }
  return { ok: true, path: found.path, version: learned.version };
}

export type ResumedSession =
  | { readonly ok: true; readonly sessionId: string | undefined }
  | { readonly ok: false; readonly problem: string };

/** A consult id stands for the Claude session that the consult belonged to. */
export function resolveResume(
  request: ConsultRequest,
  paths: StatePaths,
): ResumedSession {
  const { resume } = request;
  const consultId = consultIdSchema.safeParse(resume);
  if (!consultId.success) return { ok: true, sessionId: resume };
  const outcome = spoolAt(paths.consults, consultId.data).readOutcome();
  if (outcome === undefined) {
    return {
      ok: false,
      problem: `There is no finished consult ${consultId.data}: check the id, or leave resume out.`,
    };
  }
  const sessionId =
    outcome.status === "done"
      ? outcome.answer.session_id
      : outcome.fault.session_id;
  return { ok: true, sessionId: sessionId ?? sessionIdOf(consultId.data) };
}
