// The public session as a value: what another image needs to go on with it.

import { z } from "zod";
import { requestIdSchema } from "../base/ids.ts";

export const pendingRequestSchema = z.object({
  id: requestIdSchema,
  /** The method, with the tool's name behind `tools/call:`. */
  operation: z.string(),
  startedMs: z.number(),
  /** The line in which the client asked. */
  frame: z.string(),
});
export type PendingRequest = Readonly<z.infer<typeof pendingRequestSchema>>;

export const sessionStateSchema = z.object({
  is_initialized: z.boolean(),
  is_older_era: z.boolean(),
  /** Absent in what older versions leave. */
  is_newer_era: z.boolean().optional(),
  /** The client's own lines: `initialize` and what it said when that was answered. */
  opening: z.array(z.string()),
  pending: z.array(pendingRequestSchema),
});
export type SessionState = z.infer<typeof sessionStateSchema>;

export const coldSession: SessionState = {
  is_initialized: false,
  is_older_era: false,
  opening: [],
  pending: [],
};
