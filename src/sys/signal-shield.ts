// Between two images nobody handles signals, and their default is death: a client that
// ends its server at that moment would leave the runs behind. What is ignored stays
// ignored until the next image handles it. A signal of that moment is lost, but clients
// close standard input as well, and what lies in the pipe is read.

import { dlopen, FFIType } from "bun:ffi";
import { constants } from "node:os";
import type { ReplaceImage } from "./image.ts";
import { handledSignals } from "./signals.ts";

const ignore = 1n;
const libraries = ["libc.so.6", "libSystem.B.dylib", "libc.so"];

/** Where the system's library cannot be called, the image is replaced all the same. */
export function shielded(replace: ReplaceImage): ReplaceImage {
  return (path, words, environment) => {
    const takeBack = ignoreSignals();
    try {
      replace(path, words, environment);
    } finally {
      takeBack();
    }
  };
}

/** Returns what brings the handlers back. */
function ignoreSignals(): () => void {
  const setHandler = findSetHandler();
  if (setHandler === undefined) return () => {};
  const earlier = handledSignals.map((name) => {
    const number = constants.signals[name];
    return [number, setHandler(number, ignore)] as const;
  });
  return () => {
    for (const [number, handler] of earlier) setHandler(number, handler);
  };
}

type SetHandler = (number: number, handler: bigint) => bigint;

function findSetHandler(): SetHandler | undefined {
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, {
        signal: { args: [FFIType.i32, FFIType.u64], returns: FFIType.u64 },
      });
      return symbols.signal;
    } catch {
      // The next name is another system's.
    }
  }
  return undefined;
}
