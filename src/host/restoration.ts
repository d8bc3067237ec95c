// Brings a fresh MCP server to where an earlier image's had been: it is sent the
// client's own lines again, and what it says to those that were answered goes no
// further.

import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { type RequestId, requestIdSchema } from "../base/ids.ts";
import { parseJson } from "../base/json.ts";
import type { PendingRequest, SessionState } from "./session-state.ts";

export interface Restoration {
  /** Resolves once opening and subscriptions were answered. */
  begin(state: SessionState): Promise<void>;
  /** True for a message that the client has had before. */
  swallows(outgoing: JSONRPCMessage): boolean;
}

/** An id that is no client's. */
const openingId = "phone-opus/restored-initialize";
const acknowledgement = "notifications/subscriptions/acknowledged";
const subscriptionKey = "io.modelcontextprotocol/subscriptionId";

const answerSchema = z.looseObject({ id: requestIdSchema });
const acknowledgementSchema = z.looseObject({
  method: z.literal(acknowledgement),
  params: z.looseObject({
    _meta: z.looseObject({ [subscriptionKey]: requestIdSchema }),
  }),
});

export function createRestoration(
  deliver: (message: JSONRPCMessage) => void,
): Restoration {
  const done = Promise.withResolvers<void>();
  /** Requests whose server-side effect is not there yet. */
  const awaited = new Set<RequestId>();
  const settle = (id: RequestId) => {
    const isAwaited = awaited.delete(id);
    if (awaited.size === 0) done.resolve();
    return isAwaited;
  };
  return {
    begin: ({ opening, pending }) => {
      const [initialize, ...others] = opening;
      const owed = pending.find(isOpening);
      const requests = pending.filter((each) => !isOpening(each));
      for (const { operation, id } of requests) {
        if (operation === "subscriptions/listen") awaited.add(id);
      }
      if (initialize !== undefined && owed === undefined) {
        awaited.add(openingId);
      }
      if (awaited.size === 0) done.resolve();
      if (initialize !== undefined) {
        const message = messageIn(initialize);
        deliver(owed === undefined ? { ...message, id: openingId } : message);
      }
      for (const frame of others) deliver(messageIn(frame));
      for (const { frame } of requests) deliver(messageIn(frame));
      return done.promise;
    },
    swallows: (outgoing) => {
      if (awaited.size === 0) return false;
      const acknowledged = acknowledgementSchema.safeParse(outgoing).data;
      if (acknowledged !== undefined) {
        return settle(acknowledged.params._meta[subscriptionKey]);
      }
      const answered = answerSchema.safeParse(outgoing).data;
      // A subscription that is refused is an answer, which the client awaits.
      return (
        answered !== undefined &&
        settle(answered.id) &&
        answered.id === openingId
      );
    },
  };
}

function isOpening({ operation }: PendingRequest): boolean {
  return operation === "initialize";
}

/** Throws on what is no message: such a line never passed the session. */
function messageIn(frame: string): JSONRPCMessage {
  const json = parseJson(frame);
  return parseJSONRPCMessage(json.ok ? json.value : undefined);
}
