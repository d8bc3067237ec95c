// The prompt of a command line: its words, or standard input.

import { describeError } from "../base/json.ts";
import { UsageError } from "./usage.ts";

export interface PromptSources {
  readonly words: readonly string[];
  readonly stdinIsTerminal: boolean;
  readonly readStdin: () => Promise<Uint8Array>;
}

/** Words are joined by a space; `-`, or nothing off a terminal, means stdin. */
export async function readPrompt(sources: PromptSources): Promise<string> {
  const { words, stdinIsTerminal } = sources;
  const wantsStdin =
    (words.length === 1 && words[0] === "-") ||
    (words.length === 0 && !stdinIsTerminal);
  if (!wantsStdin) {
    if (words.length === 0) {
      throw new UsageError(
        'no prompt: write it as an argument, or "-" to read it from standard input',
      );
    }
    return words.join(" ");
  }
  const bytes = await sources.readStdin().catch((error: unknown) => {
    throw new UsageError(
      `the prompt on standard input cannot be read (${describeError(error)}): nothing was asked`,
    );
  });
  try {
    return decode(bytes);
  } catch {
    throw new UsageError(
      `the prompt on standard input is not UTF-8 (first bad byte at offset ${firstBadByte(bytes)}): convert it, nothing was asked`,
    );
  }
}

/**
 * By halving: decoding as a stream fails from the bad byte on, or from one of those
 * behind it that should have belonged to it; what was decoded ends before it.
 */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return Buffer.byteLength(decode(bytes.subarray(0, good), { stream: true }));
}

/** Throws where the bytes are not UTF-8; a byte order mark is text like any other. */
function decode(bytes: Uint8Array, options?: { stream: true }): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes, options);
}

function decodes(bytes: Uint8Array): boolean {
  try {
    decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
