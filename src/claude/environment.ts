// What Claude inherits. It gets the user's environment: login, proxies, PATH, locale
// and whatever else its commands may need. It does not get
//
//   ours                      PHONE_OPUS_*, and what steers the Bun that runs us
//   a surrounding session's   a Claude Code that calls us marks its children; of its
//                             many variables only logins, providers and limits pass
//   shell start-up code       Claude judges a command by its text: a file or function
//                             that the shell takes in first makes it another command
//   programs by variable      RIPGREP_CONFIG_PATH (`--pre`), LESSOPEN, MANPAGER
//   git's redirections        a hook that starts us names its own repository and index
//
// LD_PRELOAD and its like pass: proxychains and sandboxes work that way, and whoever
// sets them has set them for phone-opus as well.

import { isAbsolute } from "node:path";
import type { ConsultId } from "../base/ids.ts";
import { isInside } from "../base/paths.ts";
import { resolveLinks } from "../sys/files.ts";
import type { Environment, Settings } from "../sys/settings.ts";
import { withoutKeys } from "./billing.ts";
import { markerName } from "./command.ts";
import { type GitGuard, gitEnvironment } from "./git-guard.ts";

const removed = new Set([
  "AI_AGENT",
  "TRACEPARENT",
  "BASH_ENV",
  "ENV",
  "BASHOPTS",
  "SHELLOPTS",
  "BASH_LOADABLES_PATH",
  "BASH_XTRACEFD",
  "CDPATH",
  "GLOBIGNORE",
  "PROMPT_COMMAND",
  "PS4",
  "ZDOTDIR",
  "RIPGREP_CONFIG_PATH",
  "LESSOPEN",
  "LESSCLOSE",
  "MANPAGER",
  "MANOPT",
  "PAGER",
  "SSH_ASKPASS",
  // Debuggers attach through these; an older Claude Code runs on Node.
  "NODE_OPTIONS",
  "NODE_CHANNEL_FD",
  "NODE_INSPECTOR_IPC",
  "NODE_REPL_EXTERNAL_MODULE",
  "VSCODE_INSPECTOR_OPTIONS",
]);
const removedPrefixes = ["PHONE_OPUS_", "BUN_", "BASH_FUNC_"];

/** Of git's variables: the user's own settings and certificates. */
const keptOfGit =
  /^GIT_(CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|SSL_\w+|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)$/;

/** Of Claude's: where it keeps its state, who is logged in, who serves the model, limits. */
const keptOfClaude = new RegExp(
  `^CLAUDE_(${[
    "CONFIG_DIR",
    "SECURESTORAGE_CONFIG_DIR",
    "STREAM_IDLE_TIMEOUT_MS",
    "CODE_OAUTH_(TOKEN|REFRESH_TOKEN|SCOPES|CLIENT_ID)",
    "CODE_USE_(BEDROCK|VERTEX|FOUNDRY|MANTLE|GATEWAY|ANTHROPIC_AWS|ANTHROPIC_GOOGLE_CLOUD)",
    "CODE_SKIP_\\w+_AUTH",
    "CODE_(API_BASE_URL|CUSTOM_OAUTH_URL|API_KEY_HELPER_TTL_MS)",
    "CODE_(CLIENT_CERT|CLIENT_KEY|CLIENT_KEY_PASSPHRASE|CERT_STORE)",
    "CODE_PROXY_\\w+",
    "CODE_SHELL",
    "CODE_TMPDIR",
    "CODE_(MAX_OUTPUT_TOKENS|EFFORT_LEVEL|AUTO_COMPACT_WINDOW|EXTRA_BODY|ENABLE_TELEMETRY)",
    "CODE_DISABLE_(1M_CONTEXT|ADAPTIVE_THINKING|THINKING|EXPERIMENTAL_BETAS|FAST_MODE|NONSTREAMING_FALLBACK|LEGACY_MODEL_REMAP|CLAUDE_MDS)",
  ].join("|")})$`,
);

/** What phone-opus was given, without what must not reach Claude; `kept` names exceptions. */
export function cleanEnvironment(
  inherited: Environment,
  kept: readonly string[] = [],
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined) continue;
    if (!kept.includes(name) && !isInherited(name)) continue;
    environment[name] = value;
  }
  return environment;
}

function isInherited(name: string): boolean {
  if (removed.has(name)) return false;
  if (removedPrefixes.some((prefix) => name.startsWith(prefix))) return false;
  if (name.startsWith("GIT_")) return keptOfGit.test(name);
  if (name.startsWith("CLAUDE")) return keptOfClaude.test(name);
  return true;
}

export interface Surroundings {
  readonly environment: Environment;
  readonly home: string;
  readonly settings: Pick<Settings, "keptVariables" | "forcesSubscription">;
}

/** The part that does not depend on the run, for Claude in this directory. */
export function inheritedEnvironment(
  { environment: inherited, home, settings }: Surroundings,
  cwd: string,
): Record<string, string> {
  const clean = cleanEnvironment(inherited, settings.keptVariables);
  const environment = settings.forcesSubscription ? withoutKeys(clean) : clean;
  const isForeign = (path: string) => isOfProject(path, cwd, home);
  const path = environment["PATH"];
  if (path !== undefined) {
    environment["PATH"] = path
      .split(":")
      .filter((entry) => isAbsolute(entry) && !isForeign(entry))
      .join(":");
  }
  for (const name of ["SHELL", "CLAUDE_CODE_SHELL"]) {
    const shell = environment[name];
    if (shell !== undefined && (!isAbsolute(shell) || isForeign(shell))) {
      delete environment[name];
    }
  }
  return environment;
}

/**
 * `npm run` puts the project's own programs before all others: a `git` there would be
 * Claude's. A directory that holds the user's home is no project. `cwd` is canonical, the
 * others may be spelled by links.
 */
function isOfProject(path: string, cwd: string, home: string): boolean {
  return (
    !isInside(resolveLinks(home), cwd) &&
    (isInside(path, cwd) || isInside(resolveLinks(path), cwd))
  );
}

export function claudeEnvironment(
  inherited: Readonly<Record<string, string>>,
  run: {
    readonly consultId: ConsultId;
    readonly maxRetries: number;
    readonly git: GitGuard;
    /** False where this Claude Code would attach files from anywhere. */
    readonly allowsMentions: boolean;
  },
): Record<string, string> {
  return {
    ...inherited,
    ...gitEnvironment(run.git, inherited),
    [markerName]: run.consultId,
    CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: "1",
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: String(run.maxRetries),
    DISABLE_AUTOUPDATER: "1",
    ENABLE_CLAUDEAI_MCP_SERVERS: "false",
    PAGER: "cat",
    ...(run.allowsMentions ? {} : { CLAUDE_CODE_DISABLE_FILE_MENTIONS: "1" }),
  };
}
