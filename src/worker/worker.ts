// The disposable process that runs consults. Serves many operations at once until its
// stdin ends, then stops what still runs and exits. Its counterpart is
// wire/channel.ts; nothing but protocol goes to stdout.

import { z } from "zod";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import { type Generation, generationSchema } from "../base/ids.ts";
import { describeError, describeIssue, parseJson } from "../base/json.ts";
import { createLineDecoder, type Frame } from "../base/lines.ts";
import { version } from "../base/version.ts";
import { consultOperation } from "../claude/faults.ts";
import type { ClaudePorts } from "../claude/run.ts";
import type { LineOutput } from "../sys/output.ts";
import {
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
  readonly baseDirectory: string;
  readonly claude: ClaudePorts;
  readonly output: LineOutput;
}

export interface Worker {
  receive(bytes: Uint8Array): void;
  /** The host is gone: stops every run and resolves when all are over. */
  end(): Promise<void>;
}

export function createWorker(options: WorkerOptions): Worker {
  const { generation, output, claude } = options;
  const decoder = createLineDecoder(claude.settings.maxLineBytes);
  const running = new Map<
    OperationId,
    { readonly abort: AbortController; readonly over: Promise<void> }
  >();

  const send = (message: ToHost) => output.writeLine(JSON.stringify(message));

  const complain = (detail: string) =>
    void send({
      kind: "complaint",
      fault: workerFault("invalid_input", detail, generation),
    });

  const execute = async (
    message: Extract<ToWorker, { kind: "execute" }>,
    signal: AbortSignal,
  ): Promise<WireOutcome> => {
    try {
      const outcome = await executeConsult(claude, options.baseDirectory, {
        consultId: message.consult_id,
        arguments: message.arguments,
        signal,
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
        const over = execute(message, abort.signal).then(async (outcome) => {
          running.delete(message.id);
          await send({ kind: "answer", id: message.id, outcome });
        });
        running.set(message.id, { abort, over });
        return;
      }
      case "cancel":
        running.get(message.id)?.abort.abort(message.reason);
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
      for (const { abort } of running.values()) {
        abort.abort("The client ended the session, and the consult with it.");
      }
      await Promise.all([...running.values()].map(({ over }) => over));
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
