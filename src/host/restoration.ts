// Brings a fresh MCP server to where an earlier image's had been: it is sent the
// client's own lines again, and what it says to those that were answered goes no
// further.

import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { parseJson } from "../base/json.ts";
import type { PendingRequest, SessionState } from "./session-state.ts";

export interface Restoration {
  /** Resolves once the opening was answered. */
  begin(state: SessionState): Promise<void>;
  /** True for a message that the client has had before. */
  swallows(outgoing: JSONRPCMessage): boolean;
}

/** An id that is no client's. */
const openingId = "phone-opus/restored-initialize";
const acknowledgement = "notifications/subscriptions/acknowledged";

const openingAnswerSchema = z.looseObject({ id: z.literal(openingId) });
const acknowledgementSchema = z.looseObject({
  method: z.literal(acknowledgement),
});

export function createRestoration(
  deliver: (message: JSONRPCMessage) => void,
): Restoration {
  const opened = Promise.withResolvers<void>();
  let acknowledgements = 0;
  return {
    begin: ({ opening, pending }) => {
      const [initialize, ...others] = opening;
      const isOwed = pending.some(isOpening);
      if (initialize === undefined || isOwed) opened.resolve();
      if (initialize !== undefined) {
        const message = messageIn(initialize);
        deliver(isOwed ? message : { ...message, id: openingId });
      }
      for (const frame of others) deliver(messageIn(frame));
      for (const request of pending.filter((each) => !isOpening(each))) {
        if (request.operation === "subscriptions/listen") acknowledgements += 1;
        deliver(messageIn(request.frame));
      }
      return opened.promise;
    },
    swallows: (outgoing) => {
      if (openingAnswerSchema.safeParse(outgoing).success) {
        opened.resolve();
        return true;
      }
      if (acknowledgements === 0) return false;
      if (!acknowledgementSchema.safeParse(outgoing).success) return false;
      acknowledgements -= 1;
      return true;
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
