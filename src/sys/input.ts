// Standard input as bytes. Never paused, and handed over synchronously: any other
// way of reading loses lines when the image is replaced (facts of Bun 1.4).

export interface InputHandlers {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The writer closed its end, or reading failed. Called once. */
  readonly onEnd: () => void;
}

export function readStandardInput({ onBytes, onEnd }: InputHandlers): void {
  let ended = false;
  const end = () => {
    if (!ended) onEnd();
    ended = true;
  };
  process.stdin.on("data", (chunk: Buffer) => onBytes(chunk));
  process.stdin.on("end", end);
  process.stdin.on("close", end);
  process.stdin.on("error", end);
}
