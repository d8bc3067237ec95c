// What the counters hold, as a value that outlives the image that counted.

import { z } from "zod";
import { faultSchema } from "../base/fault.ts";
import { generationSchema } from "../base/ids.ts";

const count = z.int().min(0);

const tallySchema = z.object({
  request_count: count,
  success_count: count,
  response_error_count: count,
  transport_fault_count: count,
  retry_count: count,
});
export type Tally = z.infer<typeof tallySchema>;

const methodTallySchema = tallySchema.extend({
  total_latency_ms: z.number(),
  answered: count,
  max_latency_ms: z.number(),
  last_latency_ms: z.number().nullable(),
  last_error: z.string().nullable(),
});
export type MethodTally = z.infer<typeof methodTallySchema>;

export const countersStateSchema = z.object({
  /** By the clock that the counters were given. */
  started_ms: z.number(),
  totals: tallySchema,
  methods: z.array(z.tuple([z.string(), methodTallySchema])),
  state: z.enum(["cold", "ready", "recovering"]),
  generation: generationSchema,
  restarts: count,
  rollouts: count,
  consecutive_failures: count,
  last_fault: faultSchema.nullable(),
});
export type CountersState = z.infer<typeof countersStateSchema>;

export const emptyTally: Readonly<Tally> = {
  request_count: 0,
  success_count: 0,
  response_error_count: 0,
  transport_fault_count: 0,
  retry_count: 0,
};
