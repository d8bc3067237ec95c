// Standard input as bytes, taken as they come and handed over at once. Under pressure
// nothing more is taken, so that the writer has to wait.
//
// A reader of its own rather than process.stdin: that one does not reliably wake after
// a pause (Bun 1.4). It must never wait between two reads but while it is held: bytes
// read and not yet handed over would be lost when the image is replaced.

export interface InputHandlers {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The writer closed its end, or reading failed. Called once. */
  readonly onEnd: () => void;
}

export interface Input {
  /** Nothing more is taken from the writer until `release`. */
  hold(): void;
  release(): void;
}

export function readStandardInput({ onBytes, onEnd }: InputHandlers): Input {
  let held: PromiseWithResolvers<void> | undefined;
  const read = async () => {
    try {
      for await (const bytes of Bun.stdin.stream()) {
        onBytes(bytes);
        // Checked again after each wait: the pressure may have come back.
        while (held !== undefined) await held.promise;
      }
    } catch {
      // A broken input is an ended one.
    }
    onEnd();
  };
  void read();
  return {
    hold: () => {
      held ??= Promise.withResolvers<void>();
    },
    release: () => {
      held?.resolve();
      held = undefined;
    },
  };
}
