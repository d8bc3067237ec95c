// The messages between host and worker, one JSON object a line (see README.md). The
// payloads are opaque here: tools/ and consult/ own their schemas.

import { z } from "zod";
import { faultRecordSchema } from "../base/fault.ts";
import {
  consultIdSchema,
  generationSchema,
  processIdentitySchema,
} from "../base/ids.ts";
import { jsonObjectSchema } from "../base/json.ts";

/** Changes whenever an old end could misread a new one. */
export const wireProtocol = 1;

/** Chosen by the host; names one operation within a generation. */
const operationIdSchema = z.int().min(1);
export type OperationId = z.infer<typeof operationIdSchema>;

export const toWorkerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("execute"),
    id: operationIdSchema,
    /** `attach` waits for a consult that is there, `consult` also makes it. */
    operation: z.enum(["consult", "attach"]),
    consult_id: consultIdSchema,
    arguments: jsonObjectSchema,
    /** The host, by whose life the run is known to be waited for. */
    owner: processIdentitySchema,
  }),
  z.strictObject({
    kind: z.literal("cancel"),
    id: operationIdSchema,
    reason: z.string(),
  }),
  z.strictObject({
    kind: z.literal("delivered"),
    consult_id: consultIdSchema,
    owner: processIdentitySchema,
  }),
  z.strictObject({ kind: z.literal("end"), reason: z.string() }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

const progressSchema = z.strictObject({
  elapsed_ms: z.number(),
  /** One line for a person: turn, tool in use, text so far. */
  message: z.string(),
  /** Its place among those that wait for their turn; 0 once that has come. */
  queue_position: z.int().min(0),
});
export type WireProgress = z.infer<typeof progressSchema>;

const outcomeSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("success"), result: z.unknown() }),
  z.strictObject({ status: z.literal("fault"), fault: faultRecordSchema }),
]);
export type WireOutcome = z.infer<typeof outcomeSchema>;

export const toHostSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("hello"),
    protocol: z.int(),
    version: z.string(),
    generation: generationSchema,
    pid: z.int(),
  }),
  z.strictObject({
    kind: z.literal("accepted"),
    id: operationIdSchema,
    consult_id: consultIdSchema,
    is_attached: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("progress"),
    id: operationIdSchema,
    progress: progressSchema,
  }),
  z.strictObject({
    kind: z.literal("answer"),
    id: operationIdSchema,
    outcome: outcomeSchema,
  }),
  z.strictObject({
    kind: z.literal("complaint"),
    fault: faultRecordSchema,
  }),
]);
export type ToHost = z.infer<typeof toHostSchema>;
export type Execute = Extract<ToWorker, { kind: "execute" }>;
export type Accepted = Extract<ToHost, { kind: "accepted" }>;
export type WorkerHello = Extract<ToHost, { kind: "hello" }>;
