// The handoff itself: no worker left, what the client was owed is out, what it sent is
// in the capsule, and the image is replaced. Until that last step everything can be
// taken back, and is when a step fails.
//
// Bytes are lost if the image is replaced while one is on its way from the system to
// us. None is in a timer's callback while a read is outstanding (measured; see
// sys/input.ts), so that is where it happens.

import { describeError } from "../base/json.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { removeIfPossible } from "../sys/files.ts";
import type { LineOutput } from "../sys/output.ts";
import type { SignalShield } from "../sys/signal-shield.ts";
import type { Keeper } from "./keeper.ts";

export interface HandoffOptions {
  readonly keeper: Pick<Keeper, "suspend" | "resume">;
  readonly output: LineOutput;
  readonly clock: Clock;
  readonly signals: SignalShield;
  /** From now on, or no longer, what the client sends is kept unread. */
  readonly onQuiet: (isQuiet: boolean) => void;
  /** Whether the capsule can hold all there is. To be asked from a timer. */
  readonly isComplete: () => boolean;
  /** Throws the system error. */
  readonly writeCapsule: () => string;
  /** Does not return when it succeeds. */
  readonly replace: (capsulePath: string) => void;
}

/** The client notices nothing of less than a second; then it is served again. */
const patienceMs = 1000;

/** Resolves only when it failed, with the reason. */
export async function handOver(options: HandoffOptions): Promise<string> {
  const { keeper, clock, output, signals } = options;
  await keeper.suspend();
  options.onQuiet(true);
  try {
    const untilMs = clock.monotonicMs() + patienceMs;
    for (;;) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) {
        return output.owed() > 0
          ? "the client did not take what it was owed"
          : "what the client sends could not be kept whole";
      }
      const over = new AbortController();
      await Promise.race([output.flushed(), sleep(clock, leftMs, over.signal)]);
      over.abort();
      // Only now, since a client that does not read may end us meanwhile.
      signals.hold();
      const failure = await inTimer(clock, () => attempt(options));
      signals.release();
      if (failure !== undefined) return failure;
    }
  } finally {
    options.onQuiet(false);
    keeper.resume();
  }
}

function inTimer<T>(clock: Clock, callback: () => T): Promise<T> {
  return new Promise((resolve) => {
    clock.after(0, () => resolve(callback()));
  });
}

/** Undefined when it is not yet the moment. */
function attempt(options: HandoffOptions): string | undefined {
  if (options.output.owed() > 0 || !options.isComplete()) return undefined;
  let capsulePath: string | undefined;
  try {
    capsulePath = options.writeCapsule();
    options.replace(capsulePath);
    removeIfPossible(capsulePath);
    return "the image was not replaced";
  } catch (error) {
    if (capsulePath !== undefined) removeIfPossible(capsulePath);
    return describeError(error);
  }
}
