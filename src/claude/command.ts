// From a request to Claude Code's command line and environment: the tightest set of
// switches that keeps the user's login and CLAUDE.md. Why each is there:
//
//   setting sources cut, hooks off     a project's settings can allow writes, run
//                                      hooks and helpers and redirect the API
//   strict empty MCP config            no server of the project's or the user's starts
//   no slash commands, no Chrome       nothing but the built-in tools acts
//   dontAsk, prompts answered by none  what is not allowed is denied, never asked
//   tools named, edits disallowed      the others do not exist for the model
//   add-dir . with its variable        brings CLAUDE.md back, which the cut took
//   restricted                         file tools stay inside the directory
//
// The prompt travels on stdin: as an argument it can be taken for an option.

import type { ConsultId } from "../base/ids.ts";
import type { ConsultRequest } from "../consult/request.ts";
import type { Environment } from "../sys/settings.ts";
import { isAtLeast, type Version } from "./version.ts";

/** Older ones lack switches that the read-only promise needs. */
export const minimumVersion: Version = [2, 1, 0];
/** The first with `--restricted` and `--permission-prompts`. */
const restrictedSince: Version = [2, 1, 248];

const tools = "Bash,Read,Grep,Glob,WebFetch,WebSearch";
const allowedTools = "WebFetch,WebSearch";
const disallowedTools = "Write,Edit,NotebookEdit,Agent";
const noServers = JSON.stringify({ mcpServers: {} });
const settings = (denyRules: readonly string[]) =>
  JSON.stringify({
    disableAllHooks: true,
    autoMemoryEnabled: false,
    permissions: { deny: denyRules },
  });

export interface CommandOptions {
  readonly claudePath: string;
  readonly claudeVersion: string;
  readonly request: ConsultRequest;
  /** What the new session shall be called; unused when one is resumed as it is. */
  readonly sessionId: string;
  /** The Claude session to go on with. */
  readonly resumedSessionId: string | undefined;
  /** What it may not read, in its own language. */
  readonly denyRules: readonly string[];
}

export function claudeCommand(options: CommandOptions): string[] {
  const { request, resumedSessionId } = options;
  const continuesSession =
    resumedSessionId !== undefined && request.fork !== true;
  // --tools, --mcp-config, --add-dir and the tool lists are variadic: each must be
  // followed by another option, and nothing positional may come last.
  return [
    options.claudePath,
    "-p",
    ...option("--output-format", "stream-json"),
    "--verbose",
    "--strict-mcp-config",
    ...option("--mcp-config", noServers),
    "--disable-slash-commands",
    "--no-chrome",
    ...option("--tools", tools),
    ...option("--allowedTools", allowedTools),
    ...option("--disallowedTools", disallowedTools),
    ...option("--permission-mode", "dontAsk"),
    ...option("--add-dir", "."),
    ...option("--setting-sources", ""),
    ...option("--settings", settings(options.denyRules)),
    ...(isAtLeast(options.claudeVersion, restrictedSince)
      ? ["--restricted", "--permission-prompts", "none"]
      : []),
    ...option("--max-turns", request.max_turns),
    ...option("--max-budget-usd", request.max_budget_usd),
    ...option("--model", request.model),
    ...option("--effort", request.effort),
    ...option("--resume", resumedSessionId),
    ...(resumedSessionId !== undefined && request.fork === true
      ? ["--fork-session"]
      : []),
    ...(continuesSession ? [] : ["--session-id", options.sessionId]),
  ];
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}

/** A prompt that starts with `/word` would be taken for a slash command. */
export function promptInput(prompt: string): string {
  return prompt.startsWith("/") ? `\n${prompt}` : prompt;
}

/** The UUID inside a consult id: Claude's session bears the consult's own number. */
export function sessionIdOf(consultId: ConsultId): string {
  const digits = consultId.slice("c_".length);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join("-");
}

/** `NAME=value` in the environment of everything that a run starts. */
export function runMarker(consultId: ConsultId): string {
  return `${markerName}=${consultId}`;
}
export const markerName = "CONSULT_RUN_ID";

/** Variables of a surrounding agent session, and of the Bun that runs us. */
const removed = new Set([
  "CLAUDECODE",
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_PROJECT_DIR",
  "AI_AGENT",
  "BUN_OPTIONS",
  "BUN_BE_BUN",
]);

/** What phone-opus was given, without its own and a surrounding agent's variables. */
export function cleanEnvironment(
  inherited: Environment,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined || removed.has(name)) continue;
    if (name.startsWith("PHONE_OPUS_")) continue;
    environment[name] = value;
  }
  return environment;
}

export function claudeEnvironment(
  inherited: Environment,
  consultId: ConsultId,
  maxRetries: number,
): Record<string, string> {
  const environment = cleanEnvironment(inherited);
  return {
    ...environment,
    ...withoutFileMonitor(environment),
    [markerName]: consultId,
    CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: "1",
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: String(maxRetries),
    DISABLE_AUTOUPDATER: "1",
    GIT_OPTIONAL_LOCKS: "0",
  };
}

/**
 * Claude's own git executes a repository's core.fsmonitor at start. Git reads
 * numbered settings from the environment; ours goes behind those already there.
 */
function withoutFileMonitor(environment: Environment): Record<string, string> {
  const count = Number(environment["GIT_CONFIG_COUNT"] ?? 0);
  const index = Number.isInteger(count) && count > 0 ? count : 0;
  return {
    GIT_CONFIG_COUNT: String(index + 1),
    [`GIT_CONFIG_KEY_${index}`]: "core.fsmonitor",
    [`GIT_CONFIG_VALUE_${index}`]: "false",
  };
}
