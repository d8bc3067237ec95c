// The recorded output of the real Claude Code, and ways to feed a transcript.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLineDecoder } from "../../src/base/lines.ts";
import {
  createTranscript,
  type Transcript,
} from "../../src/claude/transcript.ts";

export const RECORDINGS = [
  "auth-401",
  "budget",
  "interrupted",
  "interrupted-in-tool",
  "low-credit-400",
  "max-tokens-continued",
  "max-turns",
  "model-404",
  "not-logged-in",
  "overloaded-529",
  "permission-denied",
  "rate-limit-429",
  "resume-unknown",
  "subscription-limit-429",
  "success-read",
] as const;

export type Recording = (typeof RECORDINGS)[number];

export function recorded(name: Recording): Uint8Array {
  return readFileSync(join(import.meta.dir, "recorded", `${name}.jsonl`));
}

/** A transcript of these bytes, given in chunks of any sizes. */
export function transcriptOf(chunks: Iterable<Uint8Array>): Transcript {
  const decoder = createLineDecoder(1 << 20);
  const transcript = createTranscript();
  for (const chunk of chunks) {
    for (const frame of decoder.push(chunk)) transcript.absorb(frame);
  }
  for (const frame of decoder.end()) transcript.absorb(frame);
  return transcript;
}

export function transcriptOfEvents(...events: readonly unknown[]): Transcript {
  const text = events.map((event) => JSON.stringify(event)).join("\n");
  return transcriptOf([Buffer.from(text)]);
}

/** Everything that a transcript tells, for comparisons as a whole. */
export function tale(transcript: Transcript) {
  return {
    progress: transcript.progress(),
    result: transcript.result(),
    text: transcript.text(),
    malformedLines: transcript.malformedLines(),
    limitResetsAtUnixMs: transcript.limitResetsAtUnixMs(),
  };
}
