// The limits of one run: total time, time without a sign of life, bytes written.
// Claude's own retries and stalls can last for minutes each; these do not depend on
// anything that Claude does.

import type { Clock } from "../sys/clock.ts";

export interface Limits {
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxOutputBytes: number;
}

export type LimitReached = "time" | "idle" | "output";

export interface LimitWatch {
  /** Resolves when the first limit is reached; never, once closed. */
  readonly reached: Promise<LimitReached>;
  /** A sign of life. */
  touch(): void;
  close(): void;
}

const outputCheckMs = 1000;

export function watchLimits(
  limits: Limits,
  clock: Clock,
  outputBytes: () => number,
): LimitWatch {
  const { promise, resolve } = Promise.withResolvers<LimitReached>();
  let lastSignMs = clock.monotonicMs();

  let takeBackIdle = () => {};
  const checkIdle = () => {
    const idleMs = clock.monotonicMs() - lastSignMs;
    if (idleMs >= limits.idleTimeoutMs) return resolve("idle");
    takeBackIdle = clock.after(limits.idleTimeoutMs - idleMs, checkIdle);
  };
  checkIdle();

  let takeBackOutput = () => {};
  const checkOutput = () => {
    if (outputBytes() > limits.maxOutputBytes) return resolve("output");
    takeBackOutput = clock.after(outputCheckMs, checkOutput);
  };
  takeBackOutput = clock.after(outputCheckMs, checkOutput);

  const takeBackTime = clock.after(limits.timeoutMs, () => resolve("time"));

  return {
    reached: promise,
    touch: () => {
      lastSignMs = clock.monotonicMs();
    },
    close: () => {
      takeBackTime();
      takeBackIdle();
      takeBackOutput();
    },
  };
}
