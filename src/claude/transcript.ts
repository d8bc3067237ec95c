// What has been learnt so far from Claude's stream: a fold over its lines. Tolerates
// whatever it does not know; the `result` event is the envelope of the answer.

import { basename } from "node:path";
import { jsonObjectSchema, parseJson } from "../base/json.ts";
import type { Frame } from "../base/lines.ts";
import {
  type ClaudeEvent,
  type ContentBlock,
  parseEvent,
  type ResultEvent,
} from "./events.ts";

export interface Progress {
  /** Assistant turns begun; Claude's own count comes with the result. */
  readonly turns: number;
  /** The tool in use and what it works on, e.g. `Read main.ts`. */
  readonly activity: string | undefined;
  readonly sessionId: string | undefined;
  readonly model: string | undefined;
  /** Characters of answer text so far. */
  readonly textLength: number;
  /** Tries of one API request that failed in a row. */
  readonly apiRetries: number;
}

export interface InitEvent {
  readonly tools: readonly string[] | undefined;
  readonly apiKeySource: string | undefined;
}

export interface Transcript {
  absorb(frame: Frame): void;
  progress(): Progress;
  /** What Claude said of itself at the start. */
  init(): InitEvent | undefined;
  result(): ResultEvent | undefined;
  /** The text that the model wrote since the last tool result. */
  text(): string;
  /** Lines that were no event at all; a few are tolerated, only these are not. */
  malformedLines(): number;
  /** When a limit that was hit ends, if the stream told. */
  limitResetsAtUnixMs(): number | undefined;
}

export function createTranscript(): Transcript {
  let turns = 0;
  let activity: string | undefined;
  let sessionId: string | undefined;
  let model: string | undefined;
  let texts: string[] = [];
  let apiRetries = 0;
  let malformed = 0;
  let result: ResultEvent | undefined;
  let limitResetsAtUnixMs: number | undefined;
  let init: InitEvent | undefined;
  let lastMessageId: unknown;

  const absorbEvent = (event: ClaudeEvent) => {
    switch (event.type) {
      case "system":
        if (event.subtype === "init") {
          sessionId = event.session_id ?? sessionId;
          model = event.model ?? model;
          init = { tools: event.tools, apiKeySource: event.apiKeySource };
        }
        if (event.subtype === "api_retry") apiRetries += 1;
        return;
      case "assistant": {
        if (typeof event.parent_tool_use_id === "string") return;
        // An API error in the clothes of an answer; the result tells it as well.
        if (event.message.model === "<synthetic>") return;
        apiRetries = 0;
        // One event for each content block: a turn is a message, not an event.
        const messageId = event.message["id"];
        if (messageId === undefined || messageId !== lastMessageId) turns += 1;
        lastMessageId = messageId;
        for (const block of blocksOf(event.message.content)) {
          if (block.type === "text") texts.push(block.text ?? "");
          if (block.type === "tool_use") activity = describeTool(block);
          if (block.type === "thinking") activity = "thinking";
        }
        return;
      }
      case "user":
        // Only a tool's result ends what belongs to the final answer; Claude also
        // speaks to itself when an answer hit the output limit.
        if (
          blocksOf(event.message.content).some(
            (block) => block.type === "tool_result",
          )
        ) {
          texts = [];
          activity = undefined;
        }
        return;
      case "rate_limit_event": {
        const resetsAt = event.rate_limit_info?.resetsAt;
        if (resetsAt !== undefined) limitResetsAtUnixMs = resetsAt * 1000;
        return;
      }
      case "result":
        // Its session id is not taken: failures at start name one that never began.
        result = event;
        return;
    }
  };

  return {
    absorb: (frame) => {
      if (frame.kind !== "line") {
        malformed += 1;
        return;
      }
      if (frame.text.trim() === "") return;
      const json = parseJson(frame.text);
      const parsed = parseEvent(json.ok ? json.value : undefined);
      if (parsed.kind === "malformed") malformed += 1;
      if (parsed.kind === "event") absorbEvent(parsed.event);
    },
    progress: () => ({
      turns,
      activity,
      sessionId,
      model,
      textLength: texts.reduce((sum, text) => sum + text.length, 0),
      apiRetries,
    }),
    init: () => init,
    result: () => result,
    text: () => texts.join(""),
    malformedLines: () => malformed,
    limitResetsAtUnixMs: () => limitResetsAtUnixMs,
  };
}

function blocksOf(
  content: string | readonly ContentBlock[] | undefined,
): readonly ContentBlock[] {
  return typeof content === "object" ? content : [];
}

function describeTool(block: ContentBlock): string {
  const name = block.name ?? "tool";
  const input = jsonObjectSchema.safeParse(block.input).data ?? {};
  const file = input["file_path"];
  if (typeof file === "string") return `${name} ${basename(file)}`;
  const subject = input["pattern"] ?? input["url"] ?? input["query"];
  if (typeof subject === "string") return `${name} ${clip(subject)}`;
  return name;
}

function clip(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/**
 * The whole answer. `result` holds only the last text block: where the answer went
 * over several, the first ones would be lost, so the stream's text is taken when it
 * ends with what `result` says.
 */
export function completeResponse(
  result: ResultEvent,
  streamedText: string,
): string {
  const last = result.result ?? "";
  return streamedText.length > last.length && streamedText.endsWith(last)
    ? streamedText
    : last;
}
