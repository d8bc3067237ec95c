// Which programs there are, where they are, and what they wrote down about their starts.
import { z } from "zod";

export const FAKE_CLAUDE_NAMES = [
  "answers",
  "answers-slowly",
  "budget-exceeded",
  "continued-answer",
  "crashes-midway",
  "echoes-prompt",
  "exits-7",
  "floods-stdout",
  "garbage-then-answers",
  "half-a-line",
  "hangs-silently",
  "hangs-with-a-grandchild",
  "holds-stdout-open",
  "ignores-signals",
  "invalid-json",
  "leaves-a-grandchild",
  "long-answer",
  "low-credit",
  "malformed-config",
  "malformed-config-with-result",
  "max-turns",
  "no-output",
  "noisy-stderr",
  "not-logged-in",
  "old-version",
  "overloaded",
  "prompt-too-long",
  "rate-limited",
  "refusal",
  "restricted-missing",
  "server-error",
  "session-not-found",
  "session-not-found-with-result",
  "slow-version",
  "splits-utf8",
  "stops-on-sigint",
  "subscription-limit",
  "unauthorized-api-key",
  "unauthorized-oauth",
  "unknown-model",
  "uses-tools",
] as const;

export type FakeClaudeName = (typeof FAKE_CLAUDE_NAMES)[number];

/** The absolute path of a program. Its first line looks for `bun` in PATH: pass `fakeClaudePath()` on. */
export function fakeClaude(name: FakeClaudeName): string {
  return `${import.meta.dir}/${name}.ts`;
}

/** A PATH in which the programs find `bun`, and the grandchildren `sleep`. */
export function fakeClaudePath(): string {
  return `${import.meta.dir}/../../node_modules/.bin:/usr/local/bin:/usr/bin:/bin`;
}

const startSchema = z.object({
  pid: z.number(),
  argv: z.array(z.string()),
  cwd: z.string(),
  promptBytes: z.number(),
  envKeys: z.array(z.string()),
  env: z.record(z.string(), z.string().nullable()),
});

export type FakeClaudeStart = z.infer<typeof startSchema>;

/** What the file named by FAKE_CLAUDE_STARTS says: one entry for each run, none for `--version`. */
export async function fakeClaudeStarts(
  file: string,
): Promise<FakeClaudeStart[]> {
  const starts = Bun.file(file);
  if (!(await starts.exists())) return [];
  // The last one may be half there; one that is whole has its line end.
  const lines = (await starts.text()).split("\n").slice(0, -1);
  return lines.map((line) => startSchema.parse(JSON.parse(line)));
}
