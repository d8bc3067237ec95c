// Follows a file that another process appends to, from its first byte. Watching
// makes it prompt; a slow tick makes it certain where a watch event is missed.

import { closeSync, type FSWatcher, openSync, readSync, watch } from "node:fs";
import type { Clock } from "./clock.ts";

const chunkBytes = 1 << 20;
const tickMs = 250;

export interface Follower {
  /** Reads what is there now to its end, yielding between chunks. */
  drain(): Promise<void>;
  close(): void;
}

export interface FollowOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Called with bytes in order; they are only valid during the call. */
  readonly onData: (bytes: Uint8Array) => void;
}

/** The file must exist; throws the system error where it does not. */
export function followFile(options: FollowOptions): Follower {
  const descriptor = openSync(options.path, "r");
  const buffer = new Uint8Array(chunkBytes);
  let position = 0;
  let closed = false;
  let takeBackTick: () => void = () => undefined;

  const readChunk = (): boolean => {
    if (closed) return false;
    const count = readSync(descriptor, buffer, 0, chunkBytes, position);
    if (count === 0) return false;
    position += count;
    options.onData(buffer.subarray(0, count));
    return count === chunkBytes;
  };

  // One chunk a turn of the event loop: a flood must not starve everything else.
  let reading: Promise<void> | undefined;
  const readToEnd = async () => {
    while (readChunk()) await new Promise(setImmediate);
  };
  const drain = (): Promise<void> => {
    reading ??= Promise.resolve()
      .then(readToEnd)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  const watcher = startWatching(options.path, () => void drain());
  const tick = () => {
    void drain();
    takeBackTick = options.clock.after(tickMs, tick);
  };
  tick();

  return {
    drain: async () => {
      // A drain already under way may have passed the end just before the last write.
      await reading;
      await drain();
    },
    close: () => {
      if (closed) return;
      closed = true;
      takeBackTick();
      // The watcher before its file: closing the other way round upsets Bun 1.4.
      watcher?.close();
      closeSync(descriptor);
    },
  };
}

/** Undefined where the system has no watches left; the tick then does it all. */
function startWatching(
  path: string,
  onChange: () => void,
): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onChange).on("error", () => {});
  } catch {
    return undefined;
  }
}
