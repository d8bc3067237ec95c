// A consult request that can be run: the arguments checked against the world. The
// rules about blank prompts, directories and turn limits are the seed's.

import { z } from "zod";
import { type ConsultQuestion, effortSchema } from "../tools/consult.ts";
import { liesInside, resolveDirectory } from "./directories.ts";
import { checkFiles } from "./named-files.ts";

/** More than this Claude Code itself refuses on stdin (10 MB go, 15 MB fail). */
export const maxPromptBytes = 10_000_000;

export const consultRequestSchema = z.object({
  prompt: z.string(),
  /** Absolute, canonical, a directory when it was checked. */
  cwd: z.string(),
  /** From cwd; were there and inside when they were checked. */
  files: z.array(z.string()).optional(),
  max_turns: z.int().optional(),
  model: z.string().optional(),
  effort: effortSchema.optional(),
  /** Consult id or Claude session id. */
  resume: z.string().optional(),
  fork: z.boolean().optional(),
  timeout_s: z.number().optional(),
  max_budget_usd: z.number().optional(),
  web: z.boolean().optional(),
});
export type ConsultRequest = z.infer<typeof consultRequestSchema>;

export type ParsedRequest =
  | { readonly ok: true; readonly request: ConsultRequest }
  | { readonly ok: false; readonly problem: string };

export interface DirectoryRules {
  /** Where a relative cwd starts. */
  readonly baseDirectory: string;
  /** Canonical directories that every cwd must lie in; undefined: anywhere. */
  readonly allowedRoots: readonly string[] | undefined;
}

export async function parseConsultRequest(
  question: ConsultQuestion,
  { baseDirectory, allowedRoots }: DirectoryRules,
): Promise<ParsedRequest> {
  const promptProblem = findPromptProblem(question.prompt);
  if (promptProblem !== undefined) return refuse(promptProblem);
  if (question.fork === true && question.resume === undefined) {
    return refuse("fork needs resume: name the consult or session to fork.");
  }
  const directory = await resolveDirectory(question.cwd, baseDirectory);
  if (!directory.ok) return directory;
  if (allowedRoots !== undefined) {
    const isAllowed = await liesInside(directory.path, allowedRoots);
    if (!isAllowed) {
      return refuse(
        `cwd ${directory.path} lies outside the allowed roots (${allowedRoots.join(", ")}): name a directory inside, or change PHONE_OPUS_ALLOWED_ROOTS.`,
      );
    }
  }
  const { files, ...others } = question;
  const request = { ...others, cwd: directory.path };
  // None named is the same question as an empty list.
  if (files === undefined || files.length === 0) return { ok: true, request };
  const named = await checkFiles(files, directory.path);
  return named.ok
    ? { ok: true, request: { ...request, files: [...named.files] } }
    : named;
}

function refuse(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

function findPromptProblem(prompt: string): string | undefined {
  if (prompt.trim() === "") {
    return "prompt must not be blank: write the question into it.";
  }
  const bytes = Buffer.byteLength(prompt);
  if (bytes > maxPromptBytes) {
    return `prompt is ${bytes} bytes long, ${maxPromptBytes} is the most that Claude Code takes: name files for it to read instead of pasting them.`;
  }
  return undefined;
}
