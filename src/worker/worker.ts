// The disposable process between a host and its runs: takes consults in, starts their
// runners, tells how they go. Serves many operations at once until its stdin ends. It
// may die at any moment: the runs go on, and the next worker finds them. Its
// counterpart is wire/channel.ts; nothing but protocol goes to stdout.

import { z } from "zod";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import {
  type ConsultId,
  type Generation,
  generationSchema,
} from "../base/ids.ts";
import { describeError, describeIssue, parseJson } from "../base/json.ts";
import { createLineDecoder, type Frame } from "../base/lines.ts";
import { version } from "../base/version.ts";
import { consultOperation } from "../claude/faults.ts";
import type { ConsultPorts } from "../claude/ports.ts";
import { concludeDelivery } from "../consult/deliver.ts";
import type { LineOutput } from "../sys/output.ts";
import {
  type Execute,
  type OperationId,
  type ToHost,
  type ToWorker,
  toWorkerSchema,
  type WireOutcome,
  wireProtocol,
} from "../wire/messages.ts";
import { executeConsult } from "./consult.ts";

export interface WorkerOptions {
  readonly generation: Generation;
  readonly consults: ConsultPorts;
  /** False: a consult is forgotten as soon as its answer was delivered. */
  readonly keepsHistory: boolean;
  readonly output: LineOutput;
  /** True when the host does not take what it is owed, false when that is over. */
  readonly onPressure: (isHigh: boolean) => void;
}

/** Characters unread at which pressure begins and ends. */
const mostOwed = { high: 2 << 20, low: 1 << 18 };

export interface Worker {
  receive(bytes: Uint8Array): void;
  /** The host is gone. Resolves when this process may end. */
  end(): Promise<void>;
}

interface RunningOperation {
  readonly abort: AbortController;
  readonly over: Promise<void>;
  /** Which run it waits for, once that is known. */
  consultId: ConsultId | undefined;
}

export function createWorker(options: WorkerOptions): Worker {
  const { generation, output, consults } = options;
  const decoder = createLineDecoder(consults.maxLineBytes);
  const running = new Map<OperationId, RunningOperation>();
  let isEnding = false;

  let isUnderPressure = false;
  const lookAtPressure = () => {
    const limit = isUnderPressure ? mostOwed.low : mostOwed.high;
    if (output.owed() > limit === isUnderPressure) return;
    isUnderPressure = !isUnderPressure;
    options.onPressure(isUnderPressure);
  };

  const write = async (line: string) => {
    const written = output.writeLine(line);
    lookAtPressure();
    await written;
    lookAtPressure();
  };
  const send = (message: ToHost) => write(JSON.stringify(message));

  /** The host reads no longer line than the limit, and would wait for ever. */
  const answer = (
    id: OperationId,
    outcome: WireOutcome,
    consultId: ConsultId | undefined,
  ) => {
    const line = JSON.stringify({ kind: "answer", id, outcome });
    const bytes = Buffer.byteLength(line);
    if (bytes <= consults.maxLineBytes) return write(line);
    const detail = `The answer makes a line of ${bytes} bytes, longer than ${consults.maxLineBytes}: it is kept, see the resource phone-opus://consult/${consultId} or \`phone-opus history show ${consultId}\`; or raise PHONE_OPUS_MAX_LINE_BYTES and ask again.`;
    const fault = workerFault("invalid_input", detail, generation);
    return send({ kind: "answer", id, outcome: { status: "fault", fault } });
  };

  const complain = (detail: string) =>
    void send({
      kind: "complaint",
      fault: workerFault("invalid_input", detail, generation),
    });

  const isLastWaiting = (consultId: ConsultId) =>
    [...running.values()].filter(
      (other) => other.consultId === consultId && !other.abort.signal.aborted,
    ).length === 0;

  const execute = async (
    message: Execute,
    signal: AbortSignal,
  ): Promise<WireOutcome> => {
    try {
      const outcome = await executeConsult(consults, {
        kind: message.operation,
        consultId: message.consult_id,
        arguments: message.arguments,
        owner: message.owner,
        signal,
        isLastWaiting,
        onAccepted: ({ consultId, isAttached }) => {
          const operation = running.get(message.id);
          if (operation !== undefined) operation.consultId = consultId;
          void send({
            kind: "accepted",
            id: message.id,
            consult_id: consultId,
            is_attached: isAttached,
          });
        },
        onProgress: (progress) =>
          void send({ kind: "progress", id: message.id, progress }),
      });
      return outcome.ok
        ? { status: "success", result: outcome.value }
        : { status: "fault", fault: stamp(outcome.fault, generation) };
    } catch (error) {
      const detail = `phone-opus failed inside (${describeError(error)}): please report this.`;
      return {
        status: "fault",
        fault: workerFault("internal_failure", detail, generation),
      };
    }
  };

  const absorb = (message: ToWorker) => {
    switch (message.kind) {
      case "execute": {
        if (running.has(message.id)) {
          return complain(`operation ${message.id} is already in flight`);
        }
        const abort = new AbortController();
        // After a turn of the loop: the operation is in the map before it begins.
        const over = Promise.resolve()
          .then(() => execute(message, abort.signal))
          .then(async (outcome) => {
            const consultId = running.get(message.id)?.consultId;
            running.delete(message.id);
            await answer(message.id, outcome, consultId);
          });
        running.set(message.id, { abort, over, consultId: undefined });
        return;
      }
      case "cancel":
        running.get(message.id)?.abort.abort(message.reason);
        return;
      case "delivered":
        return concludeDelivery(consults.acceptance, message.consult_id, {
          owner: message.owner,
          keepsHistory: options.keepsHistory,
        });
      case "end":
        isEnding = true;
        for (const { abort } of running.values()) abort.abort(message.reason);
        return;
    }
  };

  const absorbFrame = (frame: Frame) => {
    if (frame.kind !== "line") {
      const what = frame.kind === "too_long" ? "too long" : "not UTF-8";
      return complain(`line of ${frame.bytes} bytes is ${what}`);
    }
    if (frame.text.trim() === "") return;
    const json = parseJson(frame.text);
    if (!json.ok) return complain(`line is not JSON: ${json.reason}`);
    const message = toWorkerSchema.safeParse(json.value);
    if (message.success) absorb(message.data);
    else complain(`message is invalid: ${describeIssue(message.error)}`);
  };

  void send({
    kind: "hello",
    protocol: wireProtocol,
    version,
    generation,
    pid: process.pid,
  });

  return {
    receive: (bytes) => {
      for (const frame of decoder.push(bytes)) absorbFrame(frame);
    },
    end: async () => {
      for (const frame of decoder.end()) absorbFrame(frame);
      // A host that said farewell wants its runs ended, and somebody must see to it.
      // One that vanished is no reason: its runs wait for a successor.
      if (isEnding) {
        await Promise.all([...running.values()].map(({ over }) => over));
      }
      await output.flushed();
    },
  };
}

function workerFault(
  code: "invalid_input" | "internal_failure",
  detail: string,
  generation: Generation,
): FaultRecord {
  return faultRecord({
    code,
    stage: "worker",
    operation: consultOperation,
    detail,
    generation,
  });
}

function stamp(fault: FaultRecord, generation: Generation): FaultRecord {
  return { ...fault, fault: { ...fault.fault, generation } };
}

const workerArguments = z.tuple([
  z.literal("--generation"),
  z.coerce.number().pipe(generationSchema),
]);

/** `mcp worker --generation N`; undefined when the arguments are others. */
export function parseWorkerArguments(
  words: readonly string[],
): Generation | undefined {
  return workerArguments.safeParse(words).data?.[1];
}
