// The answers of the Messages API as wire data: a step becomes content blocks, and these become either one
// JSON message or the list of server-sent events that builds the same message. Pure.

import type { Step, TextStep, ToolStep, Usage } from "./script.ts";

type Block =
  | {
      readonly type: "thinking";
      readonly thinking: string;
      readonly signature: string;
    }
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "tool_use";
      readonly id: string;
      readonly name: string;
      readonly input: object;
    };

type MessageStep = Exclude<Step, { kind: "error" | "hang" }>;

/** One server-sent event; `paced` ones wait for the step's `chunkDelayMs` first. */
export interface StreamEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly paced: boolean;
}

const defaultUsage = {
  input_tokens: 100,
  output_tokens: 20,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
} as const;

/** The JSON answer. `serial` makes the ids of one server distinct. */
export function messageOf(
  step: TextStep | ToolStep,
  model: string,
  serial: number,
): Record<string, unknown> {
  return {
    ...head(step, model, serial),
    content: blocksOf(step, serial),
    stop_reason: stopReasonOf(step),
    usage: { ...defaultUsage, ...step.usage },
  };
}

/** The streamed answer; that of a stall ends after its text, with block and message left open. */
export function eventsOf(
  step: MessageStep,
  model: string,
  serial: number,
): StreamEvent[] {
  const usage: Usage = { ...defaultUsage, ...step.usage };
  const start = event("message_start", {
    message: {
      ...head(step, model, serial),
      usage: { ...usage, output_tokens: 1 },
    },
  });
  if (step.kind === "stall") {
    return [
      start,
      ...blockEvents({ type: "text", text: step.text }, 0).slice(0, -1),
    ];
  }
  return [
    start,
    ...blocksOf(step, serial).flatMap(blockEvents),
    event("message_delta", {
      delta: { stop_reason: stopReasonOf(step), stop_sequence: null },
      usage,
    }),
    event("message_stop", {}),
  ];
}

/** The body of an error answer. */
export function errorOf(type: string, message: string): object {
  return {
    type: "error",
    error: { type, message },
    request_id: "req_scripted",
  };
}

function head(
  step: MessageStep,
  model: string,
  serial: number,
): Record<string, unknown> {
  return {
    id: `msg_scripted${serial}`,
    type: "message",
    role: "assistant",
    model: step.model ?? model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function stopReasonOf(step: TextStep | ToolStep): string {
  return step.stopReason ?? (step.kind === "tool" ? "tool_use" : "end_turn");
}

function blocksOf(step: TextStep | ToolStep, serial: number): Block[] {
  if (step.kind === "text") {
    const text: Block = { type: "text", text: step.text };
    return step.thinking === undefined
      ? [text]
      : [
          {
            type: "thinking",
            thinking: step.thinking,
            signature: "c2NyaXB0ZWQ=",
          },
          text,
        ];
  }
  const calls = step.calls.map((call, index): Block => ({
    type: "tool_use",
    id: `toolu_${serial}_${index}`,
    ...call,
  }));
  return step.text === undefined
    ? calls
    : [{ type: "text", text: step.text }, ...calls];
}

function blockEvents(block: Block, index: number): StreamEvent[] {
  const delta = (fields: object): StreamEvent =>
    event("content_block_delta", { index, delta: fields });
  const start = (fields: object): StreamEvent =>
    event("content_block_start", {
      index,
      content_block: { ...block, ...fields },
    });
  const stop = event("content_block_stop", { index });
  switch (block.type) {
    case "thinking":
      return [
        start({ thinking: "", signature: "" }),
        delta({ type: "thinking_delta", thinking: block.thinking }),
        delta({ type: "signature_delta", signature: block.signature }),
        stop,
      ];
    case "text":
      return [
        start({ text: "" }),
        ...chunksOf(block.text).map((text) => ({
          ...delta({ type: "text_delta", text }),
          paced: true,
        })),
        stop,
      ];
    case "tool_use":
      return [
        start({ input: {} }),
        delta({
          type: "input_json_delta",
          partial_json: JSON.stringify(block.input),
        }),
        stop,
      ];
  }
}

function event(name: string, fields: object): StreamEvent {
  return { name, data: { type: name, ...fields }, paced: false };
}

/** Pieces of about 20 characters, at most some 200 of them; never splits a surrogate pair. */
function chunksOf(text: string): string[] {
  const points = Array.from(text);
  const size = Math.max(20, Math.ceil(points.length / 200));
  const chunks: string[] = [];
  for (let at = 0; at < points.length; at += size) {
    chunks.push(points.slice(at, at + size).join(""));
  }
  return chunks;
}
