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
import { createRestoration } from "./restoration.ts";
import type { Session } from "./session.ts";
import type { PendingRequest, SessionState } from "./session-state.ts";

export interface SessionTransport extends Transport {
  receive(bytes: Uint8Array): void;
  /** The client closed its end. */
  end(): void;
  /**
   * Tells the server behind us what an earlier image was told of this session, and
   * keeps the answers that the client has already. Resolves once the opening is
   * answered; the session itself must have been made of the same state.
   */
  restore(state: SessionState): Promise<void>;
  /** See LineDecoder.rest. */
  rest(): Uint8Array | undefined;
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
  /**
   * True when the client does not take what it is owed, or asks faster than it can be
   * answered; false when that is over.
   */
  readonly onPressure: (isHigh: boolean) => void;
  /** The answer to this request was handed to the system. */
  readonly onDelivered: (id: RequestId) => void;
}

/** Requests unanswered and characters unread, at which pressure begins and ends. */
const high = { requests: 256, characters: 2 << 20 };
const low = { requests: 64, characters: 1 << 18 };

const parseErrorCode = -32700;

export function createSessionTransport(
  options: TransportOptions,
): SessionTransport {
  const { session, observer, output, clock } = options;
  const decoder = createLineDecoder(options.maxLineBytes);

  let isUnderPressure = false;
  const lookAtPressure = () => {
    const requests = session.overdueCount();
    const characters = output.owed();
    const isHigh = requests > high.requests || characters > high.characters;
    const isLow = requests <= low.requests && characters <= low.characters;
    if (isUnderPressure ? !isLow : !isHigh) return;
    isUnderPressure = !isUnderPressure;
    options.onPressure(isUnderPressure);
  };

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
    void output
      .writeLine(JSON.stringify({ jsonrpc: "2.0", id, error }))
      .then(lookAtPressure);
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
    const now = clock.monotonicMs();
    const admission = session.admit(json.value, now, frame.text);
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

  const restoration = createRestoration((message) =>
    transport.onmessage?.(message),
  );

  const transport: SessionTransport = {
    start: () => Promise.resolve(),
    close: () => {
      transport.onclose?.();
      return Promise.resolve();
    },
    send: async (message) => {
      if (restoration.swallows(message)) return;
      const request = session.settle(message);
      if (request !== undefined) observer.answered(request, message);
      const isOut = await output.writeLine(JSON.stringify(message));
      if (request !== undefined && isOut) options.onDelivered(request.id);
      lookAtPressure();
    },
    receive: (bytes) => {
      for (const frame of decoder.push(bytes)) absorb(frame);
      lookAtPressure();
    },
    end: () => {
      for (const frame of decoder.end()) absorb(frame);
      // What was just asked may still be answered in this turn.
      setImmediate(() => transport.onclose?.());
    },
    restore: (state) => restoration.begin(state),
    rest: () => decoder.rest(),
  };
  return transport;
}
