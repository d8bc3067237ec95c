// Calls that wait for the same thing, each until it comes or the call is aborted.

export interface WaitingRoom<T> {
  isEmpty(): boolean;
  /** Resolves with what `release` brings, or with `onAbort()` once that is called for. */
  enter(signal: AbortSignal, onAbort: () => T): Promise<T>;
  release(value: T): void;
}

export function createWaitingRoom<T>(): WaitingRoom<T> {
  const waiting = new Set<(value: T) => void>();
  return {
    isEmpty: () => waiting.size === 0,
    enter: (signal, onAbort) => {
      if (signal.aborted) return Promise.resolve(onAbort());
      const { promise, resolve } = Promise.withResolvers<T>();
      const leave = () => resolve(onAbort());
      waiting.add(resolve);
      signal.addEventListener("abort", leave, { once: true });
      return promise.finally(() => {
        waiting.delete(resolve);
        signal.removeEventListener("abort", leave);
      });
    },
    release: (value) => {
      const released = [...waiting];
      waiting.clear();
      for (const resolve of released) resolve(value);
    },
  };
}
