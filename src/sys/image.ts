// The image that this process runs, as opposed to the file that lies where it was
// started from: the two part when the file is replaced.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { type Fingerprint, fingerprintFile } from "./fingerprint.ts";

/** Linux keeps the image reachable here even when its file is replaced or gone. */
const ownImageLink = "/proc/self/exe";

/** What to start for another process of this very build. */
export function ownImagePath(): string {
  return process.platform === "linux" ? ownImageLink : process.execPath;
}

/** What `ps` shows of a process that is started from `path`; undefined: the path. */
export function shownName(path: string): string | undefined {
  return path === ownImageLink ? "phone-opus" : undefined;
}

/** Undefined where the system does not tell. */
export function ownFingerprint(): Fingerprint | undefined {
  try {
    return fingerprintFile(ownImagePath());
  } catch {
    return undefined;
  }
}

/**
 * The path by which this process was started, as its starter wrote it: links are kept,
 * since a link that is switched to another version is how that version arrives.
 * `name` is argument zero, `searchPath` the PATH that a bare name was looked up in.
 */
export function launchPathOf(
  name: string,
  searchPath: string | undefined,
  workingDirectory: string,
  fallback: string,
): string {
  if (isAbsolute(name)) return isExecutable(name) ? name : fallback;
  const candidates = name.includes("/")
    ? [resolve(workingDirectory, name)]
    : (searchPath ?? "")
        .split(delimiter)
        .filter(isAbsolute)
        .map((directory) => join(directory, name));
  return candidates.find(isExecutable) ?? fallback;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    // A directory is "executable", too, and may well bear the name.
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Becomes another program under the same process id, with the same standard streams.
 * Returns only by throwing the system error; the process then goes on as it was.
 * Whatever was not flushed is lost, and so are bytes read and not kept elsewhere.
 */
export type ReplaceImage = (
  path: string,
  /** Argument zero first. */
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
) => void;

export const replaceImage: ReplaceImage = (path, words, environment) => {
  if (process.execve === undefined) {
    throw new Error("this system cannot replace a running program");
  }
  process.execve(path, words, { ...environment });
};
