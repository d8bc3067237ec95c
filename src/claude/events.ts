// The lines of Claude's stream-json output, as far as we use them. Objects are loose
// and every field may be missing: Claude's output grows with its releases.

import { z } from "zod";
import { jsonObjectSchema } from "../base/json.ts";

const contentBlockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
});
export type ContentBlock = z.infer<typeof contentBlockSchema>;

const messageSchema = z.looseObject({
  model: z.string().optional(),
  // A string in messages that Claude makes up itself.
  content: z.union([z.string(), z.array(contentBlockSchema)]).optional(),
});

const systemEventSchema = z.looseObject({
  type: z.literal("system"),
  subtype: z.string().optional(),
  session_id: z.string().optional(),
  model: z.string().optional(),
  // Only told, never relied upon: another form must not cost the event.
  tools: z.array(z.string()).optional().catch(undefined),
  apiKeySource: z.string().optional().catch(undefined),
});

const assistantEventSchema = z.looseObject({
  type: z.literal("assistant"),
  message: messageSchema,
  session_id: z.string().optional(),
  // Set on what a sub-agent says: no part of the answer.
  parent_tool_use_id: z.string().nullish(),
});

const userEventSchema = z.looseObject({
  type: z.literal("user"),
  message: messageSchema,
});

const rateLimitEventSchema = z.looseObject({
  type: z.literal("rate_limit_event"),
  rate_limit_info: z
    .looseObject({
      status: z.string().optional(),
      /** Seconds since 1970. */
      resetsAt: z.number().optional(),
    })
    .optional(),
});

export const resultEventSchema = z.looseObject({
  type: z.literal("result"),
  subtype: z.string().optional(),
  is_error: z.boolean().optional(),
  api_error_status: z.number().nullish(),
  duration_ms: z.number().optional(),
  duration_api_ms: z.number().optional(),
  num_turns: z.int().optional(),
  result: z.string().optional(),
  errors: z.array(z.string()).optional(),
  stop_reason: z.string().nullish(),
  terminal_reason: z.string().nullish(),
  session_id: z.string().optional(),
  total_cost_usd: z.number().optional(),
  usage: jsonObjectSchema.nullish(),
  modelUsage: jsonObjectSchema.nullish(),
  /** Of this run alone; the two above add up over a resumed session. */
  model_usage_since_last_result: z
    .record(z.string(), z.looseObject({ costUSD: z.number().optional() }))
    .nullish(),
  permission_denials: z.array(z.unknown()).optional(),
  fast_mode_state: z.string().nullish(),
  uuid: z.string().optional(),
});
export type ResultEvent = z.infer<typeof resultEventSchema>;

const eventSchema = z.discriminatedUnion("type", [
  systemEventSchema,
  assistantEventSchema,
  userEventSchema,
  rateLimitEventSchema,
  resultEventSchema,
]);
export type ClaudeEvent = z.infer<typeof eventSchema>;

const knownTypes = new Set<string>(
  eventSchema.options.map((option) => option.shape.type.value),
);

export type ParsedEvent =
  | { readonly kind: "event"; readonly event: ClaudeEvent }
  /** An object of a type that this version does not use. */
  | { readonly kind: "unknown" }
  /** No JSON object, or one of a known type with impossible fields. */
  | { readonly kind: "malformed" };

export function parseEvent(value: unknown): ParsedEvent {
  const object = jsonObjectSchema.safeParse(value);
  if (!object.success) return { kind: "malformed" };
  const type = object.data["type"];
  if (typeof type !== "string") return { kind: "malformed" };
  if (!knownTypes.has(type)) return { kind: "unknown" };
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) return { kind: "malformed" };
  return { kind: "event", event: parsed.data };
}
