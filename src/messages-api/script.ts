// What may be ordered from the scripted Messages API: one step for each answer, and how a script picks
// the next one. Types and one small choice; nothing here knows HTTP.

import type { RecordedRequest } from "./request.ts";

export interface Usage {
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cache_creation_input_tokens?: number;
  readonly cache_read_input_tokens?: number;
}

export interface ToolCall {
  /** What the result will name; made up where it is left out. */
  readonly id?: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What every answer that reaches the client with status 200 may set. */
interface Answer {
  /** Model named in the answer; else the one that was asked for. */
  readonly model?: string;
  readonly stopReason?: string;
  /** Wait before the first byte. */
  readonly delayMs?: number;
  /** Wait between two text deltas. */
  readonly chunkDelayMs?: number;
  readonly usage?: Usage;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TextStep extends Answer {
  readonly kind: "text";
  readonly text: string;
  /** A thinking block that goes before the text. */
  readonly thinking?: string;
}

export interface ToolStep extends Answer {
  readonly kind: "tool";
  readonly calls: readonly ToolCall[];
  /** Text that goes before the calls. */
  readonly text?: string;
}

export interface ErrorStep {
  readonly kind: "error";
  readonly status: number;
  /** The API's own word, such as `authentication_error`. */
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads the request and never answers; the connection is cut by `stop()`. */
export interface HangStep {
  readonly kind: "hang";
}

/** Starts to stream, sends `text`, and then nothing more until `stop()`. */
export interface StallStep extends Answer {
  readonly kind: "stall";
  readonly text: string;
}

export type Step = TextStep | ToolStep | ErrorStep | HangStep | StallStep;

/** Steps in order, the last one repeating, or a choice made for each request; `index` starts at 0. */
export type Script =
  readonly Step[] | ((request: RecordedRequest, index: number) => Step);

export function stepOf(
  script: Script,
  request: RecordedRequest,
  index: number,
): Step {
  if (typeof script === "function") {
    return script(request, index);
  }
  const step = script[Math.min(index, script.length - 1)];
  if (step === undefined) {
    throw new Error("A script for the Messages API needs at least one step.");
  }
  return step;
}
