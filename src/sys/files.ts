// Private files. Prompts and answers are nobody else's business: directories are
// 0700, files 0600, and a file is replaced whole or not at all.

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { errorCode } from "../base/json.ts";

const privateFileMode = 0o600;
const privateDirectoryMode = 0o700;

/** Makes the directory and its parents; throws the system error if it cannot. */
export function ensurePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: privateDirectoryMode });
  const mode = statSync(path).mode & 0o777;
  if (mode !== privateDirectoryMode) chmodSync(path, privateDirectoryMode);
}

/** A descriptor on a new, private, append-only file; the caller closes it. */
export function createPrivateFile(path: string): number {
  return openSync(path, "ax", privateFileMode);
}

/**
 * Makes the file where there is none, and keeps others out of it where there is one.
 * That one is not opened: to close it would give up SQLite's locks on it.
 */
export function ensurePrivateFile(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status !== undefined) {
    if ((status.mode & 0o077) !== 0) chmodSync(path, privateFileMode);
    return;
  }
  try {
    closeSync(createPrivateFile(path));
  } catch (error) {
    // Another process was faster.
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

/** Writes a temporary neighbour and renames it over `path`. */
export function replaceFile(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, "w", privateFileMode);
    try {
      writeFully(descriptor, data);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function writeFully(
  descriptor: number,
  data: string | Uint8Array,
): void {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written);
  }
}

/** The text of the file, or undefined where there is none. */
export function readTextIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** What is in the directory; nothing where there is none. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** True at most once in `everyMs`, for all processes that share the stamp file. */
export function takeTurn(
  stampPath: string,
  nowUnixMs: number,
  everyMs: number,
): boolean {
  const last = statSync(stampPath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  // A stamp from the future is that of a clock that was wrong.
  if (Math.abs(nowUnixMs - last) < everyMs) return false;
  try {
    replaceFile(stampPath, "");
    return true;
  } catch {
    return false;
  }
}

const removalTries = 1000;

/**
 * The directory with all that is in it, or nothing where there is none. Bun's own way
 * ends, and says nothing, at a directory within that somebody else removes meanwhile.
 */
export function removeDirectory(path: string): void {
  for (let tries = 1; ; tries += 1) {
    try {
      rmSync(path, { recursive: true, force: true });
      if (!existsSync(path)) return;
      if (tries === removalTries) throw new Error(`${path} does not go away`);
    } catch (error) {
      // Somebody else makes something there meanwhile.
      if (errorCode(error) !== "ENOTEMPTY" || tries === removalTries)
        throw error;
    }
  }
}

/** For what is only in the way when it stays: nobody waits for this to succeed. */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A directory in its place, or one that takes no changes.
  }
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The path with links resolved; as it is where they lead to nothing. */
export function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** 0 where there is no such file, or no way to it. */
export function sizeOfFile(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
