// Bytes to lines, for every line protocol that we read: the public session, the
// worker's pipe and Claude's stream. LF ends a line, a CR before it is dropped, the
// last line may lack its LF. A line that is too long or not UTF-8 is reported in
// its place and the next one is read as if nothing had happened.
//
// No readline: it also splits at U+2028 and U+2029, which JSON strings may hold.

export type Frame =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "too_long"; readonly bytes: number }
  | { readonly kind: "not_utf8"; readonly bytes: number };

export interface LineDecoder {
  /** The frames that these bytes complete. Linear in the bytes pushed. */
  push(bytes: Uint8Array): Frame[];
  /** The last line, where the input ended without LF. */
  end(): Frame[];
  /**
   * The beginning of a line whose end has not come; undefined when it is longer than
   * allowed and no longer kept.
   */
  rest(): Uint8Array | undefined;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export function createLineDecoder(maxLineBytes: number): LineDecoder {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let chunks: Uint8Array[] = [];
  let pendingBytes = 0;

  const hold = (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    pendingBytes += bytes.length;
    // Beyond the limit only the length is kept.
    if (pendingBytes > maxLineBytes) chunks = [];
    // Copied: the caller may reuse its buffer after push returns.
    // (Buffer's own slice would share its memory.)
    else chunks.push(new Uint8Array(bytes));
  };

  const complete = (): Frame => {
    const length = pendingBytes;
    const held = chunks;
    chunks = [];
    pendingBytes = 0;
    if (length > maxLineBytes) return { kind: "too_long", bytes: length };
    let line = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    if (line.at(-1) === carriageReturn) line = line.subarray(0, -1);
    try {
      return { kind: "line", text: utf8.decode(line) };
    } catch {
      return { kind: "not_utf8", bytes: length };
    }
  };

  return {
    push: (bytes) => {
      const frames: Frame[] = [];
      let start = 0;
      for (
        let end = bytes.indexOf(lineFeed);
        end !== -1;
        end = bytes.indexOf(lineFeed, start)
      ) {
        hold(bytes.subarray(start, end));
        frames.push(complete());
        start = end + 1;
      }
      hold(bytes.subarray(start));
      return frames;
    },
    end: () => (pendingBytes === 0 ? [] : [complete()]),
    rest: () =>
      pendingBytes > maxLineBytes ? undefined : Buffer.concat(chunks),
  };
}
