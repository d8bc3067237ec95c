// Time as an argument. Everything that waits or reads the clock takes a Clock,
// so that tests can own time.

export interface Clock {
  /** Milliseconds since 1970, for records. */
  unixMs(): number;
  /** Milliseconds from an arbitrary start, never going back, for durations. */
  monotonicMs(): number;
  /** Calls back once after `ms`; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  unixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Goes on where another process's clock stood at `at`, so that what was noted by that
 * one keeps its meaning.
 */
export function continuedClock(
  clock: Clock,
  at: { readonly unix_ms: number; readonly monotonic_ms: number },
): Clock {
  // Wall clocks are set back now and then; durations are not.
  const gapMs = Math.max(0, clock.unixMs() - at.unix_ms);
  const offsetMs = at.monotonic_ms + gapMs - clock.monotonicMs();
  return { ...clock, monotonicMs: () => clock.monotonicMs() + offsetMs };
}

/** Resolves after `ms`, or at once when the signal is or becomes aborted. */
export function sleep(
  clock: Clock,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const finish = () => {
      takeBack();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const takeBack = clock.after(ms, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
