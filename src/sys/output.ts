// Standard output as a sequence of whole lines. One queue, each line flushed before
// the next begins: memory stays bounded by what is owed, lines never mix, and what
// `written` promises has left the process.
//
// Nothing else may write to descriptor 1 (Bun leaves it non-blocking).

export interface LineOutput {
  /** True once the line was handed to the system, false when it takes no more. */
  writeLine(line: string): Promise<boolean>;
  /** Resolves when all lines so far are out, or the reader is gone. */
  flushed(): Promise<void>;
  /** Characters of lines that are not out yet; 0 means that all is with the system. */
  owed(): number;
}

export interface ByteSink {
  write(text: string): number | Promise<number>;
  flush(): number | Promise<number>;
}

/** `onBroken` is called once, when the reader is gone (EPIPE) or the disk is full. */
export function createLineOutput(
  sink: ByteSink,
  onBroken: (error: unknown) => void,
): LineOutput {
  let owed = 0;
  let tail: Promise<void> = Promise.resolve();
  let isBroken = false;
  return {
    writeLine: (line) => {
      owed += line.length;
      const written = tail.then(async () => {
        try {
          if (isBroken) return false;
          // For a long line Bun's sink answers with a promise, and only that rejects.
          await sink.write(`${line}\n`);
          await sink.flush();
          return true;
        } catch (error) {
          isBroken = true;
          onBroken(error);
          return false;
        } finally {
          owed -= line.length;
        }
      });
      tail = written.then(() => {});
      return written;
    },
    flushed: () => tail,
    owed: () => owed,
  };
}

export function standardOutput(onBroken: (error: unknown) => void): LineOutput {
  return createLineOutput(Bun.stdout.writer(), onBroken);
}
