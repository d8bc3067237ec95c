// Between two images nobody handles signals, and their default is death: a client that
// ends its server at that moment would leave the runs behind. What is ignored stays
// ignored until the next image handles it. A signal of that moment is lost, but clients
// close standard input as well, and what lies in the pipe is read.

import { constants } from "node:os";
import type { ReplaceImage } from "./image.ts";
import { ignored, openLibc } from "./libc.ts";
import { handledSignals } from "./signals.ts";

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
  const libc = openLibc();
  if (libc === undefined) return () => {};
  const earlier = handledSignals.map((name) => {
    const number = constants.signals[name];
    return [number, libc.handleSignal(number, ignored)] as const;
  });
  return () => {
    for (const [number, handler] of earlier) libc.handleSignal(number, handler);
  };
}
