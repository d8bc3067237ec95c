// Branded identifiers. A generation is one worker incarnation within a public
// session; a consult id names one question for ever, across processes.

import { z } from "zod";

export const generationSchema = z.int().min(1).brand("Generation");
export type Generation = z.infer<typeof generationSchema>;

export const firstGeneration: Generation = generationSchema.parse(1);

export function nextGeneration(generation: Generation): Generation {
  return generationSchema.parse(generation + 1);
}

/** `c_` and 32 lower-case hexadecimal digits of a UUIDv7: they sort by time. */
export const consultIdSchema = z
  .string()
  .regex(/^c_[0-9a-f]{32}$/, "not a consult id (c_ and 32 hexadecimal digits)")
  .brand("ConsultId");
export type ConsultId = z.infer<typeof consultIdSchema>;

export function consultIdFromUuid(uuid: string): ConsultId {
  return consultIdSchema.parse(`c_${uuid.replaceAll("-", "")}`);
}

/** A JSON-RPC request id as the client chose it. Note that 0 and "" are ids. */
export const requestIdSchema = z.union([z.string(), z.int()]);
export type RequestId = z.infer<typeof requestIdSchema>;

/**
 * A process and when it began, so that another one that later got its number is never
 * taken for it.
 */
export const processIdentitySchema = z.object({
  pid: z.int(),
  start_time: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;
