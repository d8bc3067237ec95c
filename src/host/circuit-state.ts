// The breaker as a value that outlives the image that kept it.

import { z } from "zod";
import type { Breaker } from "../supervise/breaker.ts";

export const circuitStateSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("closed"), failures: z.int().min(0) }),
  z.object({
    kind: z.literal("open"),
    untilMs: z.number(),
    reason: z.string(),
  }),
]);
export type CircuitState = z.infer<typeof circuitStateSchema>;

/** A probe under way is not carried over: the next call probes instead. */
export function circuitState(breaker: Breaker, nowMs: number): CircuitState {
  return breaker.kind === "half_open"
    ? { kind: "open", untilMs: nowMs, reason: breaker.reason }
    : breaker;
}
