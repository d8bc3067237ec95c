// What a person reads. Answers and asked-for data go to stdout, everything else to
// stderr; colours only on a terminal and never with NO_COLOR.

import { type ConsolaInstance, createConsola, LogLevels } from "consola";
import type { LineOutput } from "../sys/output.ts";
import type { Environment } from "../sys/settings.ts";

export interface Report {
  /** The answer, or data that was asked for. True once it is out. */
  answer(text: string): Promise<boolean>;
  error(sentence: string): void;
  info(line: string): void;
  /** Replaces the line that tells how far it is; nothing off a terminal. */
  progress(line: string): void;
}

export interface ReportOptions {
  readonly output: LineOutput;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  readonly isQuiet: boolean;
}

export function mayColour(
  stream: { readonly isTTY?: boolean },
  environment: Environment,
): boolean {
  const noColor = environment["NO_COLOR"];
  return (
    stream.isTTY === true &&
    (noColor === undefined || noColor === "") &&
    environment["TERM"] !== "dumb"
  );
}

/** Back to the line's start, and clear it. */
const clearLine = "\r\u001B[K";

export function createReport(options: ReportOptions): Report {
  const { output, stderr, isQuiet } = options;
  const console = stderrConsole(options);
  const isTerminal = stderr.isTTY === true;
  let hasProgress = false;
  const clearProgress = () => {
    if (hasProgress) stderr.write(clearLine);
    hasProgress = false;
  };
  return {
    answer: (text) => {
      clearProgress();
      return output.writeLine(text.endsWith("\n") ? text.slice(0, -1) : text);
    },
    error: (sentence) => {
      clearProgress();
      console.error(sentence);
    },
    info: (line) => {
      clearProgress();
      if (!isQuiet) console.info(line);
    },
    progress: (line) => {
      if (isQuiet || !isTerminal) return;
      const width = Math.max(20, (stderr.columns ?? 80) - 1);
      // It names files of the project, and those may be called anything.
      const text = line.replaceAll(/\p{Cc}/gu, " ").slice(0, width);
      stderr.write(`${clearLine}${text}`);
      hasProgress = true;
    },
  };
}

/** consola's own reporters send their lower levels to stdout; all of this is stderr. */
function stderrConsole({
  stderr,
  environment,
}: ReportOptions): ConsolaInstance {
  const mark = mayColour(stderr, environment)
    ? (text: string) => `\u001B[31m${text}\u001B[39m`
    : (text: string) => text;
  return createConsola({
    // Else consola takes it from CONSOLA_LEVEL, TEST and their like.
    level: LogLevels.info,
    reporters: [
      {
        log: ({ type, args }) => {
          const prefix = type === "error" ? mark("phone-opus: ") : "";
          stderr.write(`${prefix}${args.map(String).join(" ")}\n`);
        },
      },
    ],
  });
}
