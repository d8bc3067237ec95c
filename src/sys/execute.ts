// Replaces this process's image: same pid, same standard streams, all else is gone.

import { openLibc } from "./libc.ts";
import type { Environment } from "./settings.ts";

/** Returns only by throwing, when the system refuses. */
export function execute(
  path: string,
  words: readonly string[],
  environment: Environment,
): never {
  if (process.execve === undefined) {
    throw new Error("this platform cannot replace a process");
  }
  openLibc()?.obeySignals();
  return process.execve(path, [...words], definedOnly(environment));
}

function definedOnly(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
