// What passes the transport, as telemetry: counts for the session, a line on disk for
// each tool call.

import {
  isJSONRPCErrorResponse,
  type JSONRPCMessage,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import {
  type FaultRecord,
  faultRecord,
  faultRecordSchema,
} from "../base/fault.ts";
import type { Clock } from "../sys/clock.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TelemetryLog } from "../telemetry/log.ts";
import type { PendingRequest } from "./session-state.ts";
import type { SessionObserver } from "./transport.ts";

export interface ObserverOptions {
  readonly counters: Counters;
  readonly log: TelemetryLog;
  readonly clock: Clock;
}

const toolFaultSchema = z.object({
  result: z.object({
    isError: z.literal(true),
    structuredContent: faultRecordSchema,
  }),
});
const toolCallPrefix = "tools/call:";

export function createSessionObserver(
  options: ObserverOptions,
): SessionObserver {
  const { counters, log, clock } = options;
  return {
    requested: (operation) => counters.recordRequest(operation),
    refused: (operation, fault) => counters.recordError(operation, fault, 0),
    answered: (request, answer) => {
      const { operation } = request;
      const latencyMs = clock.monotonicMs() - request.startedMs;
      const fault = faultOf(request, answer);
      if (fault === undefined) counters.recordSuccess(operation, latencyMs);
      else counters.recordError(operation, fault, latencyMs);
      if (!operation.startsWith(toolCallPrefix)) return;
      log.recordToolCompletion({
        requestId: request.id,
        toolName: operation.slice(toolCallPrefix.length),
        latencyMs,
        replayAttempts: 0,
        fault,
      });
    },
  };
}

function faultOf(
  request: PendingRequest,
  answer: JSONRPCMessage,
): FaultRecord | undefined {
  const toolFault = toolFaultSchema.safeParse(answer);
  if (toolFault.success) return toolFault.data.result.structuredContent;
  if (!isJSONRPCErrorResponse(answer)) return undefined;
  const recorded = faultRecordSchema.safeParse(answer.error.data);
  if (recorded.success) return recorded.data;
  // An error of the library's own making, which knows nothing of faults.
  return {
    ...faultRecord({
      code: "invalid_input",
      stage: "protocol",
      operation: request.operation,
      detail: answer.error.message,
    }),
    jsonrpc_code: answer.error.code,
  };
}
