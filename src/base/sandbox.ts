// What the kernel held a run to, as it is written down with the run and told in health.

import { z } from "zod";

export const sandboxKindSchema = z.enum(["landlock", "sandbox-exec", "none"]);
export type SandboxKind = z.infer<typeof sandboxKindSchema>;

export const sandboxRecordSchema = z.object({
  kind: sandboxKindSchema,
  /** One line: what was in force, or why nothing was. */
  detail: z.string(),
  /** False where something that was asked for could not be held. */
  is_complete: z.boolean(),
  /** False where it could not keep files from being changed; absent: it could. */
  holds_files: z.boolean().optional(),
});
export type SandboxRecord = z.infer<typeof sandboxRecordSchema>;
