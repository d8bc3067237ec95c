// What the client sends on its way to the transport: passed on, or kept unread while
// the image is about to be replaced.

export interface Intake {
  receive(bytes: Uint8Array): void;
  /** When quiet ends, what was kept is passed on. */
  setQuiet(isQuiet: boolean): void;
  kept(): readonly Uint8Array[];
}

export function createIntake(deliver: (bytes: Uint8Array) => void): Intake {
  let isQuiet = false;
  let kept: Uint8Array[] = [];
  return {
    receive: (bytes) => {
      // Copied: the caller may use its buffer again.
      if (isQuiet) kept.push(new Uint8Array(bytes));
      else deliver(bytes);
    },
    setQuiet: (wanted) => {
      isQuiet = wanted;
      if (isQuiet) return;
      const unread = kept;
      kept = [];
      for (const bytes of unread) deliver(bytes);
    },
    kept: () => kept,
  };
}
