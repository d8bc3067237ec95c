// The command line for people: which command, its help, its errors, its exit code.

import { type ArgsDef, type CommandDef, parseArgs } from "citty";
import type { ProcessIdentity } from "../base/ids.ts";
import { jsonObjectSchema } from "../base/json.ts";
import { versionLine } from "../base/version.ts";
import { consultPorts } from "../claude/ports.ts";
import { type Ledger, openLedger } from "../consult/ledger.ts";
import { systemClock } from "../sys/clock.ts";
import { identifyProcess } from "../sys/processes.ts";
import type { LineOutput } from "../sys/output.ts";
import { statePaths } from "../sys/paths.ts";
import { type Environment, parseSettings } from "../sys/settings.ts";
import {
  consultCommand,
  consultDefinition,
  consultExamples,
} from "./consult.ts";
import {
  cancelCommand,
  cancelDefinition,
  gcCommand,
  gcDefinition,
  psCommand,
  psDefinition,
  waitCommand,
  waitDefinition,
} from "./custody.ts";
import {
  mcpDefinition,
  mcpExamples,
  rootDefinition,
  rootExamples,
} from "./definitions.ts";
import {
  doctorArguments,
  doctorCommand,
  doctorDefinition,
  doctorExamples,
} from "./doctor.ts";
import { patientOf } from "./doctor-findings.ts";
import { exitCodes } from "./exit-codes.ts";
import { describeFailure } from "./failure.ts";
import {
  historyCommand,
  historyDefinition,
  historyExamples,
} from "./history.ts";
import { reloadCommand } from "./reload.ts";
import { createReport, type Report } from "./report.ts";
import {
  asksForHelp,
  helpText,
  optionWords,
  refuseUnknownOptions,
  valuesOf,
  UsageError,
} from "./usage.ts";

const commands = {
  consult: {
    definition: asTopic(consultDefinition),
    examples: consultExamples,
  },
  history: {
    definition: asTopic(historyDefinition),
    examples: historyExamples,
  },
  wait: {
    definition: asTopic(waitDefinition),
    examples: ["phone-opus wait c_0192…", "phone-opus wait c_0192… --json"],
  },
  cancel: {
    definition: asTopic(cancelDefinition),
    examples: ["phone-opus cancel c_0192…"],
  },
  ps: {
    definition: asTopic(psDefinition),
    examples: [
      "phone-opus ps",
      "phone-opus ps --json | jq '.running | length'",
    ],
  },
  gc: { definition: asTopic(gcDefinition), examples: ["phone-opus gc"] },
} as const;

/** What help needs of a command, whatever its arguments. */
function asTopic<T extends ArgsDef>(command: CommandDef<T>): CommandDef {
  return { meta: command.meta ?? {}, args: command.args ?? {} };
}

export interface CliOptions {
  /** How this program is started. */
  readonly program: readonly string[];
  /** The file that it is: what a client would be pointed at. */
  readonly installedPath: string;
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
  const isQuiet = optionWords(options.words).includes("--quiet");
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
        : describeFailure(error, statePaths(options.environment, options.home)),
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
    await report.answer(await helpText(command, examples));
    return exitCodes.answer;
  };
  switch (name) {
    case "--version":
    case "-v":
    case "version":
      await report.answer(versionLine);
      return exitCodes.answer;
    case "--help":
    case "-h":
    case "help":
      return help(rootDefinition, rootExamples);
    case "consult":
    case "history":
    case "wait":
    case "cancel":
    case "ps":
    case "gc": {
      const { definition, examples } = commands[name];
      if (asksForHelp(rest)) return help(definition, examples);
      return carryOut(name, rest, options, report);
    }
    case "doctor":
      if (asksForHelp(rest)) return help(doctorDefinition, doctorExamples);
      return seeDoctor(rest, options, report);
    case "mcp":
      if (asksForHelp(rest)) return help(mcpDefinition, mcpExamples);
      if (rest[0] === "reload") {
        const paths = statePaths(options.environment, options.home);
        return reloadCommand(rest.slice(1), paths.hosts, report);
      }
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

/** Bad settings are what the doctor is asked about: they do not keep it from looking. */
async function seeDoctor(
  words: readonly string[],
  options: CliOptions,
  report: Report,
): Promise<number> {
  refuseUnknownOptions(words, doctorArguments);
  const parsed = parseArgs([...words], doctorArguments);
  refuseWords("doctor", parsed._);
  return doctorCommand({
    options: jsonObjectSchema.parse({ ...parsed }),
    patient: patientOf(options),
    clock: systemClock,
    report,
    interrupt: options.interrupt,
  });
}

async function carryOut(
  name: keyof typeof commands,
  words: readonly string[],
  options: CliOptions,
  report: Report,
): Promise<number> {
  const definitions = (await resolveArguments(name)) ?? {};
  refuseUnknownOptions(words, definitions);
  const parsed = parseArgs([...words], definitions);
  const settings = parseSettings(options.environment);
  if (!settings.ok) throw new UsageError(settings.problem);
  const paths = statePaths(options.environment, options.home);
  const ports = consultPorts({
    program: options.program,
    environment: options.environment,
    paths,
    settings: settings.settings,
    clock: systemClock,
    baseDirectory: options.workingDirectory,
    log: (line) => report.info(line),
  });
  const { ledger } = ports.acceptance;
  const command = {
    words: parsed._,
    options: jsonObjectSchema.parse({ ...parsed }),
    report,
    ports,
    ledger,
    clock: systemClock,
    settings: settings.settings,
    keepsHistory: settings.settings.keepsHistory,
    owner: ownIdentity(),
    interrupt: options.interrupt,
    stdinIsTerminal: options.stdinIsTerminal,
    readStdin: options.readStdin,
    withLedger: <T>(use: (open: Ledger) => T): T => {
      const open = openLedger(ledger);
      try {
        return use(open);
      } finally {
        open.close();
      }
    },
  };
  switch (name) {
    case "consult":
      return consultCommand({
        ...command,
        files: valuesOf("file", words, definitions),
      });
    case "history":
      return historyCommand(command);
    case "wait":
      return waitCommand(command);
    case "cancel":
      return cancelCommand(command);
    case "ps":
      refuseWords(name, command.words);
      return psCommand(command.options, ports, report);
    case "gc":
      refuseWords(name, command.words);
      return gcCommand(command);
  }
}

async function resolveArguments(name: keyof typeof commands) {
  const { args } = commands[name].definition;
  return typeof args === "function" ? args() : args;
}

function refuseWords(name: string, [word]: readonly string[]): void {
  if (word !== undefined) {
    throw new UsageError(`${name} takes no ${JSON.stringify(word)}`);
  }
}

function ownIdentity(): ProcessIdentity {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error("this process cannot see itself");
  return self;
}
