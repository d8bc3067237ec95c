// `phone-opus consult`: one question from a shell, run in this very process.

import { defineCommand } from "citty";
import { z } from "zod";
import type { FaultRecord } from "../base/fault.ts";
import { describeIssue, type JsonObject } from "../base/json.ts";
import { describeProgress, reportProgress } from "../claude/progress.ts";
import { type ClaudePorts, runConsult } from "../claude/run.ts";
import { parseConsultRequest } from "../consult/request.ts";
import { answerText, formatCost, formatDuration } from "../render/porcelain.ts";
import { projectAnswer } from "../render/projection.ts";
import { faultText } from "../render/tool-result.ts";
import { newConsultId } from "../sys/ids.ts";
import type { ConsultAnswer } from "../tools/answer.ts";
import { consultQuestionSchema } from "../tools/consult.ts";
import type { Report } from "./report.ts";
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
  "git diff | phone-opus consult - --json | jq -r .response",
  'phone-opus consult --resume c_0192… "And what about the cache?"',
];

/** The documented exit codes. */
export const exitCodes = {
  answer: 0,
  failed: 1,
  usage: 2,
  timeout: 3,
  unavailable: 4,
  interrupted: 130,
} as const;

const optionsSchema = z.object({
  detail: z.enum(["concise", "full"]).default("concise"),
  json: z.boolean().default(false),
});

export interface ConsultCommand {
  readonly words: readonly string[];
  /** As citty parsed them. */
  readonly options: JsonObject;
  readonly claude: ClaudePorts;
  readonly report: Report;
  readonly workingDirectory: string;
  readonly stdinIsTerminal: boolean;
  readonly readStdin: () => Promise<Uint8Array>;
  readonly interrupt: AbortSignal;
}

/** Runs the command to its exit code; throws a UsageError for a bad command line. */
export async function consultCommand(command: ConsultCommand): Promise<number> {
  const { options, report, claude } = command;
  const question = parseQuestion(options, await readPrompt(command));
  const presentation = optionsSchema.safeParse(options);
  if (!presentation.success) {
    throw new UsageError(`--${describeIssue(presentation.error)}`);
  }
  const { detail, json } = presentation.data;
  const parsed = await parseConsultRequest(question, command.workingDirectory);
  if (!parsed.ok) throw new UsageError(parsed.problem);

  const reporter = reportProgress(claude.clock, (elapsedMs, progress) =>
    report.progress(
      `${Math.round(elapsedMs / 1000)} s, ${describeProgress(progress)}`,
    ),
  );
  const outcome = await runConsult(claude, {
    consultId: newConsultId(),
    request: parsed.request,
    signal: command.interrupt,
    onProgress: (progress) => reporter.update(progress),
  }).finally(() => reporter.close());

  if (outcome.status === "done") {
    const { answer } = outcome;
    if (json) report.answer(JSON.stringify(projectAnswer(answer, detail)));
    else if (detail === "full") report.answer(answerText(answer, detail));
    else report.answer(answer.response);
    report.info(summary(answer));
    return exitCodes.answer;
  }
  if (json) report.answer(JSON.stringify(outcome.fault));
  report.error(faultText(outcome.fault));
  const partial = outcome.fault.partial_response;
  if (partial !== undefined && !json) {
    report.info(`Written so far:\n${partial}`);
  }
  return exitCodeOf(outcome.fault);
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
});

function parseQuestion(options: JsonObject, prompt: string) {
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
    max_turns,
    timeout_s,
    max_budget_usd,
  });
  if (question.success) return question.data;
  const issue = describeIssue(question.error).replaceAll("_", "-");
  throw new UsageError(`--${issue}`);
}

function summary(answer: ConsultAnswer): string {
  const cost = formatCost(answer.total_cost_usd);
  return [
    `${answer.num_turns} ${answer.num_turns === 1 ? "turn" : "turns"}`,
    formatDuration(answer.duration_ms),
    ...(cost === null ? [] : [`$${cost}`]),
    ...(answer.model === null ? [] : [answer.model]),
    ...(answer.permission_denials.length === 0
      ? []
      : [`${answer.permission_denials.length} denied`]),
    `resume with --resume ${answer.consult_id}`,
  ].join(", ");
}

export function exitCodeOf(fault: FaultRecord): number {
  const { code, reason } = fault.fault;
  if (code === "invalid_input") return exitCodes.usage;
  if (code === "timeout") return exitCodes.timeout;
  if (code === "cancelled") return exitCodes.interrupted;
  return reason === "not_installed" || reason === "not_logged_in"
    ? exitCodes.unavailable
    : exitCodes.failed;
}
