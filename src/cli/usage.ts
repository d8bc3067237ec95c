// Usage errors and help, on top of citty's definitions. citty lets unknown options
// pass and colours its help off a terminal too; both are made good here.

import { parseArgs, type ParseArgsConfig } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { z } from "zod";
import { describeError } from "../base/json.ts";
import { exitCodeHelp } from "./exit-codes.ts";

/** The command line was wrong; the message is one sentence for its author. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}

/** Throws a UsageError for options that do not exist or lack their value. */
export function refuseUnknownOptions(
  words: readonly string[],
  definitions: ArgsDef,
): void {
  try {
    parseWords(words, definitions);
  } catch (error) {
    // Node explains further than one sentence; the first says what is wrong.
    throw new UsageError(describeError(error).split(/\.\s/)[0] ?? "bad option");
  }
}

/** Every value of an option that may be given more than once; citty keeps the last. */
export function valuesOf(
  name: string,
  words: readonly string[],
  definitions: ArgsDef,
): string[] {
  const value = parseWords(words, definitions)[name];
  return z.array(z.string()).parse(value ?? []);
}

function parseWords(words: readonly string[], definitions: ArgsDef) {
  const options: ParseArgsConfig["options"] = {};
  for (const [name, definition] of Object.entries(definitions)) {
    if (definition.type === "positional") continue;
    const type = definition.type === "boolean" ? "boolean" : "string";
    options[name] = { type, multiple: type === "string" };
    // Only where saying no means something.
    if ("negativeDescription" in definition) options[`no-${name}`] = { type };
  }
  return parseArgs({ args: [...words], options, allowPositionals: true })
    .values;
}

export function asksForHelp(words: readonly string[]): boolean {
  const options = optionWords(words);
  return options.includes("--help") || options.includes("-h");
}

/** The words that may be options; behind `--` everything is text. */
export function optionWords(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end === -1 ? words : words.slice(0, end);
}

/** Plain text: help is as often piped or read by an agent as by a person. */
export async function helpText<T extends ArgsDef>(
  command: CommandDef<T>,
  examples: readonly string[],
): Promise<string> {
  const usage = Bun.stripANSI(await renderUsage(command));
  if (examples.length === 0) return usage;
  return [
    usage.trimEnd(),
    "",
    "EXAMPLES",
    "",
    ...examples.map((line) => `  ${line}`),
    "",
    "EXIT CODES",
    "",
    ...exitCodeHelp.map((line) => `  ${line}`),
    "",
  ].join("\n");
}
