// Becomes a program that is not ours, under the same process id and standard streams.

import { constants } from "node:os";
import { replaceImage } from "./image.ts";
import { asUsual, openLibc } from "./libc.ts";
import { definedVariables, type Environment } from "./settings.ts";

/** Bun ignores these, and what is ignored stays so over exec. */
const ignoredByBun = ["SIGPIPE", "SIGXFSZ"] as const;

/** Returns only by throwing, when the system refuses. */
export function execute(
  path: string,
  words: readonly string[],
  environment: Environment,
): never {
  const libc = openLibc();
  for (const name of ignoredByBun) {
    libc?.handleSignal(constants.signals[name], asUsual);
  }
  replaceImage(path, words, definedVariables(environment));
  throw new Error("the image was not replaced");
}
