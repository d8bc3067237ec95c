// The host's end of the wire to one worker: operations in flight, their progress and
// their answers. Owns no process: bytes come in by `receive`, lines go out by `send`.
// Its counterpart is worker/worker.ts.

import { type FaultRecord, faultRecord } from "../base/fault.ts";
import type { Generation } from "../base/ids.ts";
import { describeIssue, parseJson } from "../base/json.ts";
import { createLineDecoder, type Frame } from "../base/lines.ts";
import {
  type Accepted,
  type Execute,
  type OperationId,
  type ToHost,
  toHostSchema,
  type ToWorker,
  type WireOutcome,
  type WireProgress,
  type WorkerHello,
  wireProtocol,
} from "./messages.ts";

export interface WorkerChannel {
  /** Resolves with the first message; rejects never, undefined when closed before. */
  readonly hello: Promise<WorkerHello | undefined>;
  /** Resolves exactly once: the worker's answer, or a fault when it is gone. */
  execute(message: Execute, handlers: OperationHandlers): Promise<WireOutcome>;
  cancel(id: OperationId, reason: string): void;
  /** For messages that are not answered. */
  tell(message: Extract<ToWorker, { kind: "delivered" | "end" }>): void;
  receive(bytes: Uint8Array): void;
  /** Fails everything in flight, and whatever is executed later, for this reason. */
  close(reason: string): void;
}

export interface OperationHandlers {
  readonly onAccepted: (accepted: Accepted) => void;
  readonly onProgress: (progress: WireProgress) => void;
}

export interface ChannelOptions {
  readonly generation: Generation;
  readonly maxLineBytes: number;
  readonly send: (line: string) => void;
  /** What the worker complained of, or what it sent that no worker may send. */
  readonly onComplaint: (detail: string) => void;
}

interface Pending extends OperationHandlers {
  readonly settle: (outcome: WireOutcome) => void;
}

export function createWorkerChannel(options: ChannelOptions): WorkerChannel {
  const decoder = createLineDecoder(options.maxLineBytes);
  const pending = new Map<OperationId, Pending>();
  const hello = Promise.withResolvers<WorkerHello | undefined>();
  let closedBecause: string | undefined;

  const send = (message: ToWorker) => options.send(JSON.stringify(message));

  const absorb = (message: ToHost) => {
    switch (message.kind) {
      case "hello":
        hello.resolve(message);
        return;
      case "accepted":
        pending.get(message.id)?.onAccepted(message);
        return;
      case "progress":
        pending.get(message.id)?.onProgress(message.progress);
        return;
      case "answer": {
        const operation = pending.get(message.id);
        pending.delete(message.id);
        operation?.settle(message.outcome);
        return;
      }
      case "complaint":
        options.onComplaint(message.fault.fault.detail);
        return;
    }
  };

  const absorbFrame = (frame: Frame) => {
    if (frame.kind !== "line") {
      const what = frame.kind === "too_long" ? "too long" : "not UTF-8";
      options.onComplaint(`worker line of ${frame.bytes} bytes is ${what}`);
      return;
    }
    const json = parseJson(frame.text);
    if (!json.ok) {
      options.onComplaint(`worker line is not JSON: ${json.reason}`);
      return;
    }
    const message = toHostSchema.safeParse(json.value);
    if (message.success) absorb(message.data);
    else {
      options.onComplaint(
        `worker message is invalid: ${describeIssue(message.error)}`,
      );
    }
  };

  return {
    hello: hello.promise,
    execute: (message, handlers) => {
      if (closedBecause !== undefined) {
        return Promise.resolve(lost(options.generation, closedBecause));
      }
      const line = JSON.stringify(message);
      const bytes = Buffer.byteLength(line);
      // The worker would not read it, nor know which operation it has to answer.
      if (bytes > options.maxLineBytes) {
        return Promise.resolve(tooLong(options, bytes));
      }
      const answer = Promise.withResolvers<WireOutcome>();
      pending.set(message.id, { ...handlers, settle: answer.resolve });
      options.send(line);
      return answer.promise;
    },
    cancel: (id, reason) => {
      if (pending.has(id)) send({ kind: "cancel", id, reason });
    },
    tell: (message) => {
      if (closedBecause === undefined) send(message);
    },
    receive: (bytes) => {
      for (const frame of decoder.push(bytes)) absorbFrame(frame);
    },
    close: (reason) => {
      if (closedBecause !== undefined) return;
      closedBecause = reason;
      // An answer may be the worker's last words, its line feed lost with it.
      for (const frame of decoder.end()) absorbFrame(frame);
      hello.resolve(undefined);
      for (const { settle } of pending.values()) {
        settle(lost(options.generation, reason));
      }
      pending.clear();
    },
  };
}

function lost(generation: Generation, reason: string): WireOutcome {
  const fault: FaultRecord = faultRecord({
    code: "transport_failure",
    stage: "transport",
    operation: "tools/call:consult",
    generation,
    detail: reason,
  });
  return { status: "fault", fault };
}

function tooLong(
  { generation, maxLineBytes }: ChannelOptions,
  bytes: number,
): WireOutcome {
  const fault = faultRecord({
    code: "invalid_input",
    stage: "host",
    operation: "tools/call:consult",
    generation,
    detail: `The question makes a line of ${bytes} bytes for the worker, longer than ${maxLineBytes}: send less, or raise PHONE_OPUS_MAX_LINE_BYTES.`,
  });
  return { status: "fault", fault };
}

/** Why this worker cannot be used, undefined when it can. */
export function helloProblem(
  hello: WorkerHello | undefined,
): string | undefined {
  if (hello === undefined) return "the worker ended before it was ready";
  return hello.protocol === wireProtocol
    ? undefined
    : `the worker (${hello.version}) speaks wire protocol ${hello.protocol}, this host ${wireProtocol}: restart the client after an update`;
}
