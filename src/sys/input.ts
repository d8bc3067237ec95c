// Standard input as bytes, taken as they come and handed over at once. Under pressure
// nothing more is taken, so that the writer has to wait.
//
// A reader of its own rather than process.stdin: that one does not reliably wake after
// a pause (Bun 1.4). While a read is outstanding nothing lies between the system and
// us: what is read is handed over before any timer runs. Only then may the image be
// replaced.

export interface InputHandlers {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The writer closed its end, or reading failed. Called once. */
  readonly onEnd: () => void;
}

export interface Input {
  /** Nothing more is taken from the writer until `release`. */
  hold(): void;
  release(): void;
  /** Every byte taken from the system was handed over. To be asked from a timer. */
  isDrained(): boolean;
}

export function readStandardInput({ onBytes, onEnd }: InputHandlers): Input {
  const reader = Bun.stdin.stream().getReader();
  let held: PromiseWithResolvers<void> | undefined;
  let isReading = false;
  const read = async () => {
    try {
      for (;;) {
        isReading = true;
        const { done, value } = await reader.read();
        isReading = false;
        if (done) break;
        onBytes(value);
        // Checked again after each wait: the pressure may have come back.
        while (held !== undefined) await held.promise;
      }
    } catch {
      // A broken input is an ended one.
    }
    isReading = false;
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
    isDrained: () => isReading,
  };
}

/** To its end; throws when that lies beyond `maxBytes`, as it may not come at all. */
export async function readWholeInput(maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of Bun.stdin.stream()) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
