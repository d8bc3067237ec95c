// The answer of a consult: every field that the full form shows, under the names
// that clients see. The concise form is a selection of these (render/projection.ts).

import { z } from "zod";
import { consultIdSchema } from "../base/ids.ts";
import { jsonObjectSchema } from "../base/json.ts";
import { receiptSchema } from "../base/receipt.ts";

export const consultAnswerSchema = z.object({
  response: z.string(),
  consult_id: consultIdSchema,
  cwd: z.string(),
  prompt: z.string(),
  max_turns: z.int().nullable(),
  model: z.string().nullable(),
  duration_ms: z.number(),
  duration_api_ms: z.number().nullable(),
  num_turns: z.int(),
  stop_reason: z.string().nullable(),
  session_id: z.string().nullable(),
  total_cost_usd: z.number().nullable(),
  usage: jsonObjectSchema.nullable(),
  model_usage: jsonObjectSchema.nullable(),
  permission_denials: z.array(z.unknown()),
  fast_mode_state: z.string().nullable(),
  uuid: z.string().nullable(),
  /** Absent in answers of older versions. */
  receipt: receiptSchema.optional(),
});
export type ConsultAnswer = z.infer<typeof consultAnswerSchema>;
