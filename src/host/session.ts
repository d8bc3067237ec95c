// The public session as the transport sees it: which era it is in, whether it was
// initialised, which requests are unanswered. Decides for each message whether it may
// pass. Knows no tool and no worker.

import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import { type RequestId, requestIdSchema } from "../base/ids.ts";
import {
  describeIssue,
  type JsonObject,
  jsonObjectSchema,
} from "../base/json.ts";
import {
  coldSession,
  type PendingRequest,
  type SessionState,
} from "./session-state.ts";

export type Admission =
  /** `operation` is there for a request, which is pending from now on. */
  | {
      readonly kind: "pass";
      readonly message: JSONRPCMessage;
      readonly operation?: string;
    }
  /** To be answered with this fault; `id` null where the request has none. */
  | {
      readonly kind: "refuse";
      readonly id: RequestId | null;
      readonly operation: string;
      readonly fault: FaultRecord;
    }
  | { readonly kind: "ignore" };

export interface Session {
  /** `frame` is the line that `value` was parsed from. */
  admit(value: unknown, nowMs: number, frame: string): Admission;
  /** Requests that are to be answered at once and are not yet. */
  overdueCount(): number;
  /** The pending request that this outgoing message answers, which it thereby ends. */
  settle(outgoing: unknown): PendingRequest | undefined;
  state(): SessionState;
}

const requestSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: requestIdSchema,
  method: z.string(),
  params: jsonObjectSchema.optional(),
});
const notificationSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.undefined().optional(),
  method: z.string(),
  params: jsonObjectSchema.optional(),
});
const cancellationSchema = z.object({ requestId: requestIdSchema });
const toolCallSchema = z.looseObject({
  name: z.string(),
  arguments: jsonObjectSchema.optional(),
});
const initializeSchema = z.looseObject({
  protocolVersion: z.string(),
  capabilities: jsonObjectSchema,
  clientInfo: z.looseObject({ name: z.string(), version: z.string() }),
});
const idOnlySchema = z.looseObject({ id: requestIdSchema });
const answerSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: requestIdSchema,
  method: z.undefined().optional(),
});

/** In the revision 2026-07-28 each request says itself which protocol it speaks. */
const envelopeVersionKey = "io.modelcontextprotocol/protocolVersion";
/** These take as long as Claude does; a queue of their own bounds them. */
const waitsByNature = new Set([
  "tools/call:consult",
  "tools/call:consult_wait",
  "tools/call:consult_cancel",
  // Answered when the session ends.
  "subscriptions/listen",
]);

export function createSession(earlier: SessionState = coldSession): Session {
  const pending = new Map<RequestId, PendingRequest>(
    earlier.pending.map((request) => [request.id, request]),
  );
  /** Our own requests to the client that it has not answered. */
  const asked = new Set<RequestId>();
  let isInitialized = earlier.is_initialized;
  // The first message without an envelope settles that this client is of the older era.
  let isOlderEra = earlier.is_older_era;
  // One that has named its protocol is not of the older era for a ping that does not,
  // such as a gateway's between: that would end the session.
  let isNewerEra = earlier.is_newer_era ?? false;
  let opening: readonly string[] = earlier.opening;

  const admitRequest = (
    request: z.infer<typeof requestSchema>,
    nowMs: number,
    frame: string,
  ): Admission => {
    const { id, method, params } = request;
    const operation = operationKey(method, params);
    const refuse = (fault: FaultRecord): Admission => ({
      kind: "refuse",
      id,
      operation,
      fault,
    });
    if (pending.has(id)) {
      return refuse(
        invalidRequest(
          operation,
          `Request id ${JSON.stringify(id)} is already in flight: use a new id for each request.`,
        ),
      );
    }
    const isModern = envelopeVersionKey in metaOf(params);
    const needsInitialize = isOlderEra || !isModern;
    const mayComeFirst =
      method === "initialize" || (method === "ping" && !isNewerEra);
    if (needsInitialize && !isInitialized && !mayComeFirst) {
      return refuse(
        faultRecord({
          code: "not_initialized",
          stage: "host",
          operation,
          detail: `The session is not initialised: send initialize and notifications/initialized before ${method}.`,
        }),
      );
    }
    if (method === "tools/call" && !toolCallSchema.safeParse(params).success) {
      return refuse(
        faultRecord({
          code: "invalid_input",
          stage: "protocol",
          operation,
          detail:
            "The parameters of tools/call are invalid: it takes a name and an object of arguments.",
        }),
      );
    }
    if (method === "initialize") {
      const opening = initializeSchema.safeParse(params);
      if (!opening.success) {
        return refuse(
          faultRecord({
            code: "invalid_input",
            stage: "protocol",
            operation,
            detail: `The parameters of initialize are invalid: ${describeIssue(opening.error)}.`,
          }),
        );
      }
    }
    const message = asMessage(request);
    if (message === undefined) {
      return refuse(
        faultRecord({
          code: "invalid_input",
          stage: "protocol",
          operation,
          detail: `The parameters of ${method} are invalid: check its _meta.`,
        }),
      );
    }
    if (method === "initialize") {
      isInitialized = true;
      opening = [frame];
    }
    if (!isModern) isOlderEra = true;
    // To discover what is spoken here settles nothing yet.
    else if (method !== "server/discover") isNewerEra = true;
    pending.set(id, { id, operation, startedMs: nowMs, frame });
    return { kind: "pass", message, operation };
  };

  return {
    admit: (value, nowMs, frame) => {
      const request = requestSchema.safeParse(value);
      if (request.success) return admitRequest(request.data, nowMs, frame);
      const notification = notificationSchema.safeParse(value);
      if (notification.success) {
        const { method, params } = notification.data;
        if (method === "notifications/cancelled") {
          // A cancelled request is owed no answer, so its id is free again. One that
          // was answered meanwhile is no news; and as the first thing that an image
          // hears it would settle which era the library speaks.
          const cancelled =
            cancellationSchema.safeParse(params).data?.requestId;
          if (cancelled === undefined || !pending.delete(cancelled)) {
            return { kind: "ignore" };
          }
        }
        const message = asMessage(notification.data);
        if (message === undefined) return { kind: "ignore" };
        if (method === "notifications/initialized" && opening.length === 1) {
          opening = [...opening, frame];
        }
        return { kind: "pass", message };
      }
      const answer = answerSchema.safeParse(value);
      if (answer.success && asked.has(answer.data.id)) {
        const message = asMessage(value);
        if (message !== undefined) {
          asked.delete(answer.data.id);
          return { kind: "pass", message };
        }
      }
      return refuseMalformed(value);
    },
    overdueCount: () =>
      [...pending.values()].filter(
        ({ operation }) => !waitsByNature.has(operation),
      ).length,
    settle: (outgoing) => {
      const answered = idOnlySchema.safeParse(outgoing);
      if (!answered.success) return undefined;
      if ("method" in answered.data) {
        asked.add(answered.data.id);
        return undefined;
      }
      const request = pending.get(answered.data.id);
      pending.delete(answered.data.id);
      return request;
    },
    state: () => ({
      is_initialized: isInitialized,
      is_older_era: isOlderEra,
      ...(isNewerEra ? { is_newer_era: true } : {}),
      opening: [...opening],
      pending: [...pending.values()],
    }),
  };
}

/** Undefined where the library would not take it for a message of its kind. */
function asMessage(value: unknown): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(value);
  } catch {
    return undefined;
  }
}

/** `tools/call:consult` for a tool call, the method itself for all else. */
function operationKey(method: string, params: JsonObject | undefined): string {
  const name = method === "tools/call" ? params?.["name"] : undefined;
  return typeof name === "string" ? `${method}:${name}` : method;
}

function metaOf(params: JsonObject | undefined): JsonObject {
  return jsonObjectSchema.safeParse(params?.["_meta"]).data ?? {};
}

function refuseMalformed(value: unknown): Admission {
  const object = jsonObjectSchema.safeParse(value).data;
  // Responses are never answered, and this one answers nothing that we asked.
  if (
    object !== undefined &&
    !("method" in object) &&
    ("result" in object || "error" in object)
  ) {
    return { kind: "ignore" };
  }
  const operation = "jsonrpc.message";
  return {
    kind: "refuse",
    id: idOnlySchema.safeParse(value).data?.id ?? null,
    operation,
    fault: invalidRequest(
      operation,
      Array.isArray(value)
        ? "Batches are not supported: send each message on a line of its own."
        : 'The message is no JSON-RPC request: send an object with jsonrpc "2.0", a method, and an id that is a string or a number.',
    ),
  };
}

/** JSON-RPC's own code for what is no request. */
const invalidRequestCode = -32600;

function invalidRequest(operation: string, detail: string): FaultRecord {
  return {
    ...faultRecord({
      code: "invalid_input",
      stage: "protocol",
      operation,
      detail,
    }),
    jsonrpc_code: invalidRequestCode,
  };
}
