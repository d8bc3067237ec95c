// The command line for people: which command, its help, its errors, its exit code.

import { type ArgsDef, type CommandDef, defineCommand, parseArgs } from "citty";
import { describeError, jsonObjectSchema } from "../base/json.ts";
import { version, versionLine } from "../base/version.ts";
import { askVersion } from "../claude/version.ts";
import { systemClock } from "../sys/clock.ts";
import type { LineOutput } from "../sys/output.ts";
import { statePaths } from "../sys/paths.ts";
import { type Environment, parseSettings } from "../sys/settings.ts";
import { spawnOnFiles } from "../sys/spawn.ts";
import {
  consultCommand,
  consultDefinition,
  consultExamples,
  exitCodes,
} from "./consult.ts";
import { createReport, type Report } from "./report.ts";
import {
  asksForHelp,
  helpText,
  refuseUnknownOptions,
  UsageError,
} from "./usage.ts";

// `mcp serve` and `mcp worker` never get here to run: main.ts starts them itself,
// without the weight of this module. They stand here for the help.
const mcpDefinition = defineCommand({
  meta: { name: "phone-opus mcp", description: "The MCP server" },
  subCommands: {
    serve: defineCommand({
      meta: {
        name: "serve",
        description: "Serve MCP on standard input and output",
      },
    }),
    worker: defineCommand({
      meta: {
        name: "worker",
        description: "Run consults for a host; started by serve",
        hidden: true,
      },
    }),
  },
});

const rootDefinition = defineCommand({
  meta: {
    name: "phone-opus",
    version,
    description: "Ask your own Claude Code, read-only, over MCP or from here",
  },
  args: {
    version: { type: "boolean", description: "Print the version" },
  },
  subCommands: { consult: consultDefinition, mcp: mcpDefinition },
});

const rootExamples = [
  'phone-opus consult "Why does the retry test hang?"',
  "git diff | phone-opus consult -",
  "phone-opus mcp serve    # what an MCP client's configuration starts",
];

export interface CliOptions {
  readonly words: readonly string[];
  readonly environment: Environment;
  readonly home: string;
  readonly workingDirectory: string;
  readonly output: LineOutput;
  readonly stderr: NodeJS.WriteStream;
  readonly stdinIsTerminal: boolean;
  readonly readStdin: () => Promise<Uint8Array>;
  /** Aborted, with a sentence as its reason, by Ctrl-C and its like. */
  readonly interrupt: AbortSignal;
}

/** Resolves with the exit code; never rejects. */
export async function runCli(options: CliOptions): Promise<number> {
  const isQuiet = options.words.includes("--quiet");
  const report = createReport({ ...options, isQuiet });
  try {
    return await runCommand(options, report);
  } catch (error) {
    if (error instanceof UsageError) {
      report.error(`${error.message} (see phone-opus --help)`);
      return exitCodes.usage;
    }
    report.error(
      options.environment["PHONE_OPUS_DEBUG"] === "1" && error instanceof Error
        ? (error.stack ?? error.message)
        : `phone-opus failed inside (${describeError(error)}): please report this; PHONE_OPUS_DEBUG=1 shows where.`,
    );
    return exitCodes.failed;
  }
}

async function runCommand(
  options: CliOptions,
  report: Report,
): Promise<number> {
  const [name, ...rest] = options.words;
  const help = async <T extends ArgsDef>(
    command: CommandDef<T>,
    examples: readonly string[],
  ) => {
    report.answer(await helpText(command, examples));
    return exitCodes.answer;
  };
  switch (name) {
    case "--version":
    case "-v":
    case "version":
      report.answer(versionLine);
      return exitCodes.answer;
    case "--help":
    case "-h":
    case "help":
      return help(rootDefinition, rootExamples);
    case "consult":
      if (asksForHelp(rest)) {
        return help(consultDefinition, consultExamples);
      }
      return consult(rest, options, report);
    case "mcp":
      if (asksForHelp(rest)) return help(mcpDefinition, []);
      throw new UsageError(
        rest[0] === undefined
          ? "mcp needs a command: phone-opus mcp serve"
          : `there is no command mcp ${rest.join(" ")}: use phone-opus mcp serve`,
      );
    case undefined:
      throw new UsageError('no command: use phone-opus consult "…"');
    default:
      throw new UsageError(
        `there is no command ${JSON.stringify(name)}: use phone-opus consult "…"`,
      );
  }
}

async function consult(
  words: readonly string[],
  options: CliOptions,
  report: Report,
): Promise<number> {
  const definitions = await consultArguments();
  refuseUnknownOptions(words, definitions);
  const parsed = parseArgs([...words], definitions);
  const settings = parseSettings(options.environment);
  if (!settings.ok) throw new UsageError(settings.problem);
  return consultCommand({
    words: parsed._,
    options: jsonObjectSchema.parse({ ...parsed }),
    report,
    workingDirectory: options.workingDirectory,
    stdinIsTerminal: options.stdinIsTerminal,
    readStdin: options.readStdin,
    interrupt: options.interrupt,
    claude: {
      clock: systemClock,
      spawn: spawnOnFiles,
      environment: options.environment,
      home: options.home,
      settings: settings.settings,
      paths: statePaths(options.environment, options.home),
      askVersion,
    },
  });
}

async function consultArguments() {
  const { args } = consultDefinition;
  return (await (typeof args === "function" ? args() : args)) ?? {};
}
