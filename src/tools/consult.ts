// The tool `consult`: what may be asked. Limits stand in the descriptions too,
// since clients drop min, max and default before a model sees the schema.

import { z } from "zod";
import { presentationShape } from "./presentation.ts";

/** Neither blank nor mistakable for an option of Claude's command line. */
const word = z
  .string()
  .regex(/^[A-Za-z0-9][\w.:@[\]/-]*$/, "expected a name without spaces");

export const effortSchema = z.enum(["low", "medium", "high", "xhigh", "max"]);

/** The question itself, without how its answer is to be presented. */
const consultShape = {
  prompt: z
    .string()
    .describe(
      "The question, with all the context that Claude needs: it sees the files in cwd but not your conversation. Not blank, at most 10000000 bytes.",
    ),
  cwd: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Directory to answer in. Must exist; a relative path starts at the server's working directory, which is the default.",
    ),
  files: z
    .array(z.string().min(1))
    .max(100)
    .optional()
    .describe(
      "Files or directories for Claude to read first, at most 100 paths. They must exist and lie in cwd; relative paths start there.",
    ),
  max_turns: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Most agent turns before Claude has to stop; an integer of at least 1. No limit by default.",
    ),
  model: word
    .optional()
    .describe(
      "Model alias (opus, sonnet, …) or full name. Default: Claude Code's own.",
    ),
  effort: effortSchema
    .optional()
    .describe("How hard the model thinks: low, medium, high, xhigh or max."),
  resume: z
    .string()
    .regex(
      /^(c_[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/,
      "expected a consult id (c_…) or a Claude session id",
    )
    .optional()
    .describe(
      "Go on with an earlier conversation: the consult id (c_…) or Claude session id that its answer named. Same cwd as then.",
    ),
  fork: z
    .boolean()
    .optional()
    .describe(
      "With resume: branch off into a new session and leave the old one as it is.",
    ),
  timeout_s: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe(
      "Time limit in seconds, over 0 and at most 86400. Default 1800 (30 minutes).",
    ),
  max_budget_usd: z
    .number()
    .positive()
    .optional()
    .describe("Stop when the API calls have cost this many dollars; over 0."),
  web: z
    .boolean()
    .optional()
    .describe(
      "false: no web search and no fetching of pages, so that nothing Claude reads can be sent away through them. Default true, unless the server is set otherwise.",
    ),
};

export const consultQuestionSchema = z.strictObject(consultShape);
export type ConsultQuestion = z.infer<typeof consultQuestionSchema>;

const freshShape = {
  fresh: z
    .boolean()
    .optional()
    .describe(
      "Ask again even if the same request is running, or its answer waits to be fetched. Default: attach to that one instead of paying twice.",
    ),
};
/** What a worker gets. */
export const consultCallSchema = z.strictObject({
  ...consultShape,
  ...freshShape,
});

export const waitShape = {
  wait_s: z
    .number()
    .min(0)
    .max(86_400)
    .optional()
    .describe(
      "How long to wait for the answer, in seconds from 0 to 86400. Past it the consult goes on and the result names its consult_id for consult_wait. The default fits the client's own time limit.",
    ),
};

export const consultArgumentsSchema = z.strictObject({
  ...consultShape,
  ...freshShape,
  ...waitShape,
  ...presentationShape,
});
export type ConsultArguments = z.infer<typeof consultArgumentsSchema>;
