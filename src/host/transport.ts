// The public stdio transport under the MCP library: bytes to messages and back, with
// framing, order and memory under our own control. Every line is answered or passed
// on; none can end the session.

import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import type { RequestId } from "../base/ids.ts";
import { parseJson } from "../base/json.ts";
import { createLineDecoder, type Frame } from "../base/lines.ts";
import type { Clock } from "../sys/clock.ts";
import type { LineOutput } from "../sys/output.ts";
import type { PendingRequest, Session } from "./session.ts";

export interface SessionTransport extends Transport {
  receive(bytes: Uint8Array): void;
  /** The client closed its end. */
  end(): void;
}

export interface SessionObserver {
  requested(operation: string): void;
  /** `answer` is the whole JSON-RPC response. */
  answered(request: PendingRequest, answer: JSONRPCMessage): void;
  refused(operation: string, fault: FaultRecord): void;
}

export interface TransportOptions {
  readonly session: Session;
  readonly observer: SessionObserver;
  readonly output: LineOutput;
  readonly clock: Clock;
  readonly maxLineBytes: number;
  /** The answer to this request was handed to the system. */
  readonly onDelivered: (id: RequestId) => void;
}

const parseErrorCode = -32700;

export function createSessionTransport(
  options: TransportOptions,
): SessionTransport {
  const { session, observer, output, clock } = options;
  const decoder = createLineDecoder(options.maxLineBytes);

  const refuse = (
    id: RequestId | null,
    operation: string,
    fault: FaultRecord,
  ) => {
    observer.requested(operation);
    observer.refused(operation, fault);
    const error = {
      code: fault.jsonrpc_code,
      message: fault.fault.detail,
      data: fault,
    };
    void output.writeLine(JSON.stringify({ jsonrpc: "2.0", id, error }));
  };

  const refuseLine = (detail: string) => {
    const operation = "jsonrpc.parse";
    refuse(null, operation, {
      ...faultRecord({
        code: "invalid_input",
        stage: "protocol",
        operation,
        detail,
      }),
      jsonrpc_code: parseErrorCode,
    });
  };

  const absorb = (frame: Frame) => {
    if (frame.kind === "too_long") {
      return refuseLine(
        `The line of ${frame.bytes} bytes is longer than ${options.maxLineBytes}: send less, or raise PHONE_OPUS_MAX_LINE_BYTES.`,
      );
    }
    if (frame.kind === "not_utf8") {
      return refuseLine("The line is not UTF-8: send JSON as UTF-8.");
    }
    if (frame.text.trim() === "") return;
    const json = parseJson(frame.text);
    if (!json.ok) {
      return refuseLine(
        `The line is not JSON (${json.reason}): send one message a line.`,
      );
    }
    const admission = session.admit(json.value, clock.monotonicMs());
    switch (admission.kind) {
      case "ignore":
        return;
      case "refuse":
        return refuse(admission.id, admission.operation, admission.fault);
      case "pass":
        if (admission.operation !== undefined) {
          observer.requested(admission.operation);
        }
        transport.onmessage?.(admission.message);
        return;
    }
  };

  const transport: SessionTransport = {
    start: () => Promise.resolve(),
    close: () => {
      transport.onclose?.();
      return Promise.resolve();
    },
    send: async (message) => {
      const request = session.settle(message);
      if (request !== undefined) observer.answered(request, message);
      const isOut = await output.writeLine(JSON.stringify(message));
      if (request !== undefined && isOut) options.onDelivered(request.id);
    },
    receive: (bytes) => {
      for (const frame of decoder.push(bytes)) absorb(frame);
    },
    end: () => {
      for (const frame of decoder.end()) absorb(frame);
      // What was just asked may still be answered in this turn.
      setImmediate(() => transport.onclose?.());
    },
  };
  return transport;
}
