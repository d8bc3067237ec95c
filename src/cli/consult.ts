// `phone-opus consult`: one question from a shell. Its run has a process of its own,
// as all runs have, so that it outlives this one.

import { defineCommand } from "citty";
import { z } from "zod";
import { describeIssue, type JsonObject } from "../base/json.ts";
import { refusal } from "../claude/start.ts";
import { type Accepted, acceptConsult } from "../consult/accept.ts";
import { parseConsultRequest } from "../consult/request.ts";
import { faultText } from "../render/tool-result.ts";
import { newConsultId } from "../sys/ids.ts";
import { consultQuestionSchema } from "../tools/consult.ts";
import {
  type AnswerOptions,
  awaitAnswer,
  parsePresentation,
} from "./answer.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { readPrompt } from "./prompt.ts";
import { UsageError } from "./usage.ts";

export const consultDefinition = defineCommand({
  meta: {
    name: "phone-opus consult",
    description: "Ask Claude Code a question about a directory, read-only",
  },
  args: {
    prompt: {
      type: "positional",
      required: false,
      description:
        'The question; "-" or nothing reads it from standard input, behind "--" it may begin with a dash',
    },
    cwd: {
      type: "string",
      valueHint: "directory",
      description: "Directory to answer in (default: this one)",
    },
    file: {
      type: "string",
      valueHint: "path",
      description: "A file in that directory to read first; may be repeated",
    },
    "max-turns": {
      type: "string",
      valueHint: "number",
      description: "Most agent turns before Claude has to stop",
    },
    model: {
      type: "string",
      valueHint: "name",
      description: "Model alias or full name (default: Claude Code's own)",
    },
    effort: {
      type: "string",
      valueHint: "low|medium|high|xhigh|max",
      description: "How hard the model thinks",
    },
    resume: {
      type: "string",
      valueHint: "id",
      description: "Go on with an earlier consult (c_…) or Claude session",
    },
    fresh: {
      type: "boolean",
      description:
        "Ask again even if the same question is running or just answered",
    },
    fork: {
      type: "boolean",
      description: "With --resume: branch off into a new session",
    },
    "timeout-s": {
      type: "string",
      valueHint: "seconds",
      description: "Time limit (default 1800)",
    },
    "max-budget-usd": {
      type: "string",
      valueHint: "dollars",
      description: "Stop when the API calls have cost this much",
    },
    web: {
      type: "boolean",
      description: "Let Claude browse (default: as PHONE_OPUS_WEB says)",
      negativeDescription: "No web search and no fetching of pages",
    },
    detail: {
      type: "string",
      valueHint: "concise|full",
      description: "full: print every recorded field above the answer",
    },
    json: {
      type: "boolean",
      description: "Print the answer, or the fault, as one JSON object",
    },
    quiet: {
      type: "boolean",
      description: "No progress and no summary on standard error",
    },
  },
});

export const consultExamples = [
  'phone-opus consult "Why does the retry test hang?"',
  'phone-opus consult --cwd ../api --max-turns 20 "Review the error handling"',
  'phone-opus consult --file src/retry.ts --file test/retry.test.ts "Is this right?"',
  "git diff | phone-opus consult - --json | jq -r .response",
  'phone-opus consult --resume c_0192… "And what about the cache?"',
];

export interface ConsultCommand extends AnswerOptions {
  readonly words: readonly string[];
  readonly files: readonly string[];
  readonly stdinIsTerminal: boolean;
  readonly readStdin: () => Promise<Uint8Array>;
}

/** Runs the command to its exit code; throws a UsageError for a bad command line. */
export async function consultCommand(command: ConsultCommand): Promise<number> {
  const { options, ports } = command;
  const prompt = await promptUnlessInterrupted(command);
  if (prompt === undefined) return exitCodes.interrupted;
  const question = parseQuestion(options, prompt, command.files);
  const parsed = await parseConsultRequest(question, ports.rules);
  if (!parsed.ok) throw new UsageError(parsed.problem);
  const presentation = parsePresentation(options);
  let accepted: Accepted;
  try {
    accepted = acceptConsult(
      { ...ports.acceptance, owner: command.owner },
      newConsultId(),
      parsed.request,
      options["fresh"] === true,
    );
  } catch (error) {
    const { report } = command;
    const fault = refusal(ports.acceptance.ledger.consultsDirectory, error);
    if (presentation.json) await report.answer(JSON.stringify(fault));
    report.error(faultText(fault));
    return exitCodeOf(fault);
  }
  return awaitAnswer(command, presentation, accepted);
}

/** Undefined when Ctrl-C came first: standard input may never end. */
async function promptUnlessInterrupted(
  command: ConsultCommand,
): Promise<string | undefined> {
  const { interrupt } = command;
  const over = new AbortController();
  const interrupted = new Promise<undefined>((resolve) => {
    const tell = () => resolve(undefined);
    if (interrupt.aborted) return tell();
    const { signal } = over;
    interrupt.addEventListener("abort", tell, { once: true, signal });
  });
  return Promise.race([interrupted, readPrompt(command)]).finally(() =>
    over.abort(),
  );
}

const numberText = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/, "expected a number")
  .transform(Number);
const commandLineSchema = z.object({
  cwd: z.string().optional(),
  "max-turns": numberText.optional(),
  model: z.string().optional(),
  effort: z.string().optional(),
  resume: z.string().optional(),
  fork: z.boolean().optional(),
  "timeout-s": numberText.optional(),
  "max-budget-usd": numberText.optional(),
  web: z.boolean().optional(),
});

function parseQuestion(
  options: JsonObject,
  prompt: string,
  files: readonly string[],
) {
  const words = commandLineSchema.safeParse(options);
  if (!words.success) throw new UsageError(`--${describeIssue(words.error)}`);
  const {
    "max-turns": max_turns,
    "timeout-s": timeout_s,
    "max-budget-usd": max_budget_usd,
    ...others
  } = words.data;
  const question = consultQuestionSchema.safeParse({
    prompt,
    ...others,
    ...(files.length === 0 ? {} : { files }),
    max_turns,
    timeout_s,
    max_budget_usd,
  });
  if (question.success) return question.data;
  const [name = "", ...issue] = describeIssue(question.error).split(":");
  // The list of files is made of one option, repeated.
  const option = name.replace(/^files(\.\d+)?$/, "file").replaceAll("_", "-");
  throw new UsageError(`--${[option, ...issue].join(":")}`);
}
