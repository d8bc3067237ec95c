// Standard output as a sequence of whole lines. One queue, each line flushed before
// the next begins: memory stays bounded by what is owed, lines never mix, and what
// `written` promises has left the process.
//
// Nothing else may write to descriptor 1 (Bun leaves it non-blocking).

export interface LineOutput {
  /** Resolves when the line was handed to the system; never rejects. */
  writeLine(line: string): Promise<void>;
  /** Resolves when all lines so far are out, or the reader is gone. */
  flushed(): Promise<void>;
}

export interface ByteSink {
  write(text: string): unknown;
  flush(): number | Promise<number>;
}

/** `onBroken` is called once, when the reader is gone (EPIPE). */
export function createLineOutput(
  sink: ByteSink,
  onBroken: () => void,
): LineOutput {
  let tail: Promise<void> = Promise.resolve();
  let isBroken = false;
  return {
    writeLine: (line) => {
      tail = tail.then(async () => {
        if (isBroken) return;
        try {
          sink.write(`${line}\n`);
          await sink.flush();
        } catch {
          isBroken = true;
          onBroken();
        }
      });
      return tail;
    },
    flushed: () => tail,
  };
}

export function standardOutput(onBroken: () => void): LineOutput {
  return createLineOutput(Bun.stdout.writer(), onBroken);
}
