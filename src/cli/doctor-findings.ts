// What `phone-opus doctor` looks at. Each finding says what was found and, where that is
// not well, what to do.

import { existsSync } from "node:fs";
import { z } from "zod";
import { describeError, parseJson } from "../base/json.ts";
import { versionLine } from "../base/version.ts";
import { billingOf } from "../claude/billing.ts";
import { inheritedEnvironment } from "../claude/environment.ts";
import { renewByStatus } from "../claude/login.ts";
import { prepareClaude, type Prepared } from "../claude/prepare.ts";
import { askVersion } from "../claude/version.ts";
import { liveHosts } from "../consult/hosts.ts";
import { listRunning } from "../consult/running.ts";
import { launchBinary } from "../host/binary.ts";
import { defaultDenyPatterns } from "../sandbox/deny-patterns.ts";
import {
  describeKernelLayer,
  insufficiency,
  type KernelLayer,
  kernelLayer,
} from "../sandbox/probe.ts";
import { capture } from "../sys/capture.ts";
import { isDirectory } from "../sys/files.ts";
import { type StatePaths, statePaths } from "../sys/paths.ts";
import {
  type Environment,
  type ParsedSettings,
  parseSettings,
  type Settings,
} from "../sys/settings.ts";
import { headOf } from "./columns.ts";
import { problemOfState } from "./doctor-state.ts";
import { exitCodes } from "./exit-codes.ts";

export interface Finding {
  readonly name: string;
  readonly level: "ok" | "warn" | "fail";
  /** What was found and, unless it is well, what to do. */
  readonly text: string;
}

export interface Patient {
  readonly program: readonly string[];
  readonly installedPath: string;
  readonly environment: Environment;
  readonly home: string;
  readonly paths: StatePaths;
  readonly parsed: ParsedSettings;
  /** Those that were set, or the usual ones where these cannot be used. */
  readonly settings: Settings;
  readonly kernel: KernelLayer;
}

export function patientOf(options: {
  readonly program: readonly string[];
  readonly installedPath: string;
  readonly environment: Environment;
  readonly home: string;
}): Patient {
  const { environment, home } = options;
  const parsed = parseSettings(environment);
  const usable = parsed.ok ? parsed : parseSettings({});
  if (!usable.ok) throw new Error(usable.problem);
  const paths = statePaths(environment, home);
  const { settings } = usable;
  const kernel = kernelLayer();
  const { program, installedPath } = options;
  const self = { program, installedPath };
  return { ...self, environment, home, paths, parsed, settings, kernel };
}

export interface Examination {
  readonly findings: readonly Finding[];
  readonly claude: Prepared;
  readonly exitCode: number;
}

export async function examine(patient: Patient): Promise<Examination> {
  const claude = await prepareClaude({
    ...patient,
    askVersion,
    capture,
    renewLogin: renewByStatus,
  });
  const login: Finding[] = claude.ok
    ? [await examineLogin(claude.path, patient)]
    : [];
  const findings = [
    examineProgram(patient.installedPath),
    examineSettings(patient.parsed),
    examineClaude(claude),
    ...login,
    examineState(patient.paths),
    examineSandbox(patient),
    examineDenials(patient.settings),
    ...examineRoots(patient.settings),
    examineRuns(patient.paths),
  ];
  return { findings, claude, exitCode: exitCodeOf(findings, claude) };
}

function exitCodeOf(findings: readonly Finding[], claude: Prepared): number {
  const failed = findings
    .filter(({ level }) => level === "fail")
    .map(({ name }) => name);
  if (failed.length === 0) return exitCodes.answer;
  if (failed.includes("settings")) return exitCodes.usage;
  // One that is too old is there: a consult ends with the same codes.
  const isMissing = !claude.ok && claude.reason === "not_installed";
  return isMissing || failed.includes("login")
    ? exitCodes.unavailable
    : exitCodes.failed;
}

function examineProgram(path: string): Finding {
  const isStable = launchBinary(path).isPathStable;
  return {
    name: "phone-opus",
    level: isStable ? "ok" : "warn",
    text: isStable
      ? `${versionLine} at ${path}`
      : `${versionLine} at ${path}, a place where builds come and go: name an installed one in your client (sh install.sh)`,
  };
}

function examineSettings(parsed: ParsedSettings): Finding {
  return parsed.ok
    ? { name: "settings", level: "ok", text: "every variable can be used" }
    : { name: "settings", level: "fail", text: parsed.problem };
}

function examineClaude(claude: Prepared): Finding {
  return claude.ok
    ? {
        name: "claude",
        level: "ok",
        text: `Claude Code ${claude.version} at ${claude.path}`,
      }
    : { name: "claude", level: "fail", text: claude.problem };
}

/** What `claude auth status` prints; nothing in it is secret. */
const statusSchema = z.looseObject({
  loggedIn: z.boolean(),
  authMethod: z.string().optional(),
  apiKeySource: z.string().optional(),
});

const loginTimeoutMs = 15_000;

async function examineLogin(
  claudePath: string,
  { environment, home, settings }: Patient,
): Promise<Finding> {
  const claudeGets = inheritedEnvironment({ environment, home, settings }, "/");
  const name = "login";
  const unknown = (why: string): Finding => ({
    name,
    level: "warn",
    text: `Claude Code did not say whether you are logged in (${why}): run \`claude\` once to see`,
  });
  const asked = await capture({
    command: [claudePath, "auth", "status", "--json"],
    cwd: "/",
    environment: claudeGets,
    timeoutMs: loginTimeoutMs,
    maxBytes: 65_536,
  });
  if (!asked.ok) return unknown(asked.reason);
  const parsed = parseJson(Buffer.from(asked.stdout).toString());
  const status = parsed.ok ? statusSchema.safeParse(parsed.value) : undefined;
  if (status?.success !== true) return unknown("its answer made no sense");
  const { loggedIn, authMethod = "?", apiKeySource } = status.data;
  if (!loggedIn) {
    return {
      name,
      level: "fail",
      text: "not logged in: run `claude` once and log in, or hand ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN to this server",
    };
  }
  const { note } = billingOf({ environment: claudeGets, home, apiKeySource });
  if (note !== null) return { name, level: "warn", text: `billed is ${note}` };
  const source = apiKeySource === undefined ? "" : ` from ${apiKeySource}`;
  return { name, level: "ok", text: `logged in by ${authMethod}${source}` };
}

function examineState(paths: StatePaths): Finding {
  const name = "state";
  const problem = problemOfState(paths);
  if (problem !== undefined) return { name, level: "fail", text: problem };
  const how = existsSync(paths.root) ? "for you alone" : "not made yet";
  return { name, level: "ok", text: `${paths.root}, ${how}` };
}

function examineSandbox({ settings, kernel }: Patient): Finding {
  const name = "sandbox";
  const lacking = insufficiency(kernel);
  const found = describeKernelLayer(kernel);
  if (settings.sandbox === "off") {
    return {
      name,
      level: "warn",
      text: `switched off by PHONE_OPUS_SANDBOX (there is: ${found}): Claude Code's own switches alone hold it`,
    };
  }
  if (lacking === undefined) {
    return { name, level: "ok", text: `${settings.sandbox}: ${found}` };
  }
  return settings.sandbox === "required"
    ? {
        name,
        level: "fail",
        text: `PHONE_OPUS_SANDBOX is "required", but ${lacking}: every consult is refused; set it to auto, or use a system that can`,
      }
    : {
        name,
        level: "warn",
        text: `${lacking}: Claude Code's own switches alone hold it`,
      };
}

function examineDenials({ denyRead }: Settings): Finding {
  const name = "deny-read";
  const patterns = denyRead ?? defaultDenyPatterns;
  return patterns.length === 0
    ? {
        name,
        level: "warn",
        text: "PHONE_OPUS_DENY_READ lets Claude Code read every file of the project: name those that it must not",
      }
    : {
        name,
        level: "ok",
        text: `${denyRead === undefined ? "the usual" : "your"} ${patterns.length} patterns: ${headOf(patterns.join(" "), 60)}`,
      };
}

function examineRoots({ allowedRoots = [] }: Settings): Finding[] {
  const missing = allowedRoots.filter((root) => !isDirectory(root));
  if (allowedRoots.length === 0) return [];
  return [
    missing.length === 0
      ? { name: "roots", level: "ok", text: allowedRoots.join(", ") }
      : {
          name: "roots",
          level: "warn",
          text: `PHONE_OPUS_ALLOWED_ROOTS names what is no directory: ${missing.join(", ")}`,
        },
  ];
}

function examineRuns(paths: StatePaths): Finding {
  try {
    const servers = liveHosts(paths.hosts).length;
    const running = listRunning(paths.consults).length;
    return {
      name: "running",
      level: "ok",
      text: `${servers} ${servers === 1 ? "server" : "servers"}, ${running} ${running === 1 ? "consult" : "consults"}`,
    };
  } catch (error) {
    return {
      name: "running",
      level: "fail",
      text: `what runs cannot be read (${describeError(error)}): correct the permissions of ${paths.root}`,
    };
  }
}
