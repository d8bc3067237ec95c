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
//   web tools by choice                what was read can be sent away through them
//
// The prompt travels on stdin: as an argument it can be taken for an option.

import type { ConsultId } from "../base/ids.ts";
import type { ConsultRequest } from "../consult/request.ts";
import { isAtLeast, type Version } from "./version.ts";

/** Older ones lack switches that the read-only promise needs. */
export const minimumVersion: Version = [2, 1, 0];
/** The first with `--restricted` and `--permission-prompts`. */
const restrictedSince: Version = [2, 1, 248];

const readTools = "Bash,Read,Grep,Glob";
const webTools = "WebFetch,WebSearch";
const disallowedTools = "Write,Edit,NotebookEdit,Agent";
const noServers = JSON.stringify({ mcpServers: {} });
/**
 * Reading commands that Claude lets pass unasked, with a file in a word that it does not
 * take for one: by these they would read, and tell, what lies outside the project. Long
 * options may be cut short as far as they stay unique.
 */
const hiddenFileRules = [
  "Bash(*--files0-from*)",
  "Bash(wc *--f*)",
  "Bash(du *--f*)",
  "Bash(sort *--fi*)",
  "Bash(*--from-file*)",
  "Bash(*--to-file*)",
  "Bash(diff *--fr*)",
  "Bash(diff *--to*)",
  "Bash(git *--ignore-revs-file*)",
  "Bash(strings *@*)",
];
const settings = (denyRules: readonly string[]) =>
  JSON.stringify({
    disableAllHooks: true,
    autoMemoryEnabled: false,
    permissions: { deny: [...hiddenFileRules, ...denyRules] },
  });

export interface CommandOptions {
  readonly claudePath: string;
  readonly claudeVersion: string;
  readonly request: ConsultRequest;
  readonly web: boolean;
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
    ...(options.web
      ? [
          ...option("--tools", `${readTools},${webTools}`),
          ...option("--allowedTools", webTools),
          ...option("--disallowedTools", disallowedTools),
        ]
      : [
          ...option("--tools", readTools),
          ...option("--disallowedTools", `${disallowedTools},${webTools}`),
        ]),
    ...option("--permission-mode", "dontAsk"),
    ...option("--add-dir", "."),
    ...option("--setting-sources", ""),
    ...option("--settings", settings(options.denyRules)),
    ...(isRestricted(options.claudeVersion)
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

/** Whether this version keeps Claude's own file access to the directory. */
export function isRestricted(claudeVersion: string): boolean {
  return isAtLeast(claudeVersion, restrictedSince);
}

/**
 * A prompt is text: one that starts with `/word` would be taken for a slash command,
 * and before `--restricted` `@name` attaches a file from anywhere.
 */
export function promptInput(
  { prompt, files = [] }: Pick<ConsultRequest, "prompt" | "files">,
  claudeVersion: string,
): string {
  const list = files.map((file) => `- ${file}`).join("\n");
  const whole =
    files.length === 0 ? prompt : `${prompt}\n\nRead these first:\n${list}\n`;
  const text = whole.startsWith("/") ? `\n${whole}` : whole;
  return isRestricted(claudeVersion)
    ? text
    : text.replaceAll(/(?<![\p{L}\p{N}_])@(?=\S)/gu, "@ ");
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
