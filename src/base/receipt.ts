// What an answer can show for "read-only": what Claude was allowed, what held it, and
// whether the files around it are the same as before.

import { z } from "zod";
import { sandboxRecordSchema } from "./sandbox.ts";

export const treeChangeSchema = z.object({
  path: z.string(),
  change: z.enum(["added", "removed", "modified"]),
});
export type TreeChange = z.infer<typeof treeChangeSchema>;

/** One look at the files: a digest over their names, sizes, times and inodes. */
const treeLookSchema = z.object({
  digest: z.string(),
  entries: z.int(),
  /** False when a bound was reached, or a directory could not be read. */
  is_complete: z.boolean(),
});
export type TreeLook = z.infer<typeof treeLookSchema>;

export const treeReceiptSchema = z.object({
  before: treeLookSchema,
  /** Null when the directory is not there any more. */
  after: treeLookSchema.nullable(),
  change_count: z.int(),
  /** The first of them. */
  changes: z.array(treeChangeSchema),
});
export type TreeReceipt = z.infer<typeof treeReceiptSchema>;

export const billingSchema = z.object({
  /** The variable that pays, `login`, what Claude called it, or `unknown`. */
  source: z.string(),
  /** True when the user's login would have been billed without that variable. */
  is_conflict: z.boolean(),
  note: z.string().nullable(),
});
export type Billing = z.infer<typeof billingSchema>;

export const receiptSchema = z.object({
  claude_version: z.string(),
  flags: z.array(z.string()),
  /** What Claude said it has; null when it never said. */
  tools: z.array(z.string()).nullable(),
  /** What was asked for and refused; null when the run did not get to tell. */
  denials: z.array(z.string()).nullable(),
  layers: z.object({
    /** Claude's own: `restricted` needs 2.1.248. */
    switches: z.enum(["restricted", "plain"]),
    /** Git for Claude: `off`, with the reason, where it could not be made safe. */
    git: z.string(),
    kernel: sandboxRecordSchema.nullable(),
    /** Null when the files could not be compared. */
    tree: z.enum(["unchanged", "changed", "partly unchanged"]).nullable(),
  }),
  tree: treeReceiptSchema.nullable(),
  billing: billingSchema,
});
export type Receipt = z.infer<typeof receiptSchema>;

/** Whether the kernel kept the run from writing, so that a changed file is not its doing. */
export function isHeldByKernel({ layers }: Receipt): boolean {
  const { kernel } = layers;
  return (
    kernel !== null && kernel.kind !== "none" && kernel.holds_files !== false
  );
}
