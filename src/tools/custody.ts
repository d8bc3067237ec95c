// The tools for consults that go on without their caller: `consult_wait`,
// `consult_cancel`, `consult_list`.

import { z } from "zod";
import { consultIdSchema } from "../base/ids.ts";
import { waitShape } from "./consult.ts";
import { presentationShape } from "./presentation.ts";

const consultIdArgument = z
  .string()
  .regex(/^c_[0-9a-f]{32}$/, "expected a consult id, c_ and 32 digits")
  .describe("The consult id (c_…) that consult or consult_list named.");

export const waitArgumentsSchema = z.strictObject({
  consult_id: consultIdArgument,
  ...waitShape,
  ...presentationShape,
});

export const cancelArgumentsSchema = z.strictObject({
  consult_id: consultIdArgument,
  ...presentationShape,
});

export const listArgumentsSchema = z.strictObject({
  limit: z
    .int()
    .min(1)
    .max(200)
    .default(20)
    .describe("Most consults to list, from 1 to 200; default 20."),
  running_only: z
    .boolean()
    .default(false)
    .describe("Only those that are queued or running."),
  ...presentationShape,
});

/** One line of the list, as clients see it. */
export const listedConsultSchema = z.object({
  consult_id: consultIdSchema,
  status: z.enum(["queued", "running", "done", "failed", "cancelled", "lost"]),
  prompt_head: z.string(),
  cwd: z.string(),
  model: z.string().nullable(),
  started_unix_ms: z.int(),
  duration_ms: z.number().nullable(),
  session_id: z.string().nullable(),
  total_cost_usd: z.number().nullable(),
  parent_id: z.string().nullable(),
});
export type ListedConsult = z.infer<typeof listedConsultSchema>;
