// What a confined run may touch, as data: written by the runner, read by the process
// that confines itself before it becomes Claude. Rules only ever allow; what none of
// them names is out of reach.

import { z } from "zod";

/**
 * list     names in directories, not what is in the files
 * read     also what is in the files, and running them
 * device   reading and writing what is there, making nothing
 * replace  the same, and cutting it short
 * lock     making and removing directories, as programs do that lock by them
 * write    everything
 *
 * A rule on a directory holds for all that is below it.
 */
export const accessSchema = z.enum([
  "list",
  "read",
  "device",
  "replace",
  "lock",
  "write",
]);
export type Access = z.infer<typeof accessSchema>;

const ruleSchema = z.strictObject({
  path: z.string().startsWith("/"),
  access: accessSchema,
});
export type Rule = z.infer<typeof ruleSchema>;

export const policySchema = z.strictObject({
  format: z.literal(1),
  /** Entered only once confined: nothing of a project may steer what confines it. */
  working_directory: z.string().startsWith("/"),
  rules: z.array(ruleSchema),
  /** TCP ports that may be connected to, where the kernel can tell ports. */
  connect_ports: z.array(z.int().min(1).max(65_535)),
});
export type Policy = z.infer<typeof policySchema>;
