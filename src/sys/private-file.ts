// One-shot private files: made where nothing was, read only when nobody else can have
// made or changed them. What they hold decides what a process does next.

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  type Stats,
} from "node:fs";
import { rmSync } from "node:fs";
import { describeError, errorCode } from "../base/json.ts";
import { createPrivateFile, writeFully } from "./files.ts";

/** Throws the system error, EEXIST among them; nothing half-written is left behind. */
export function writeNewPrivateFile(
  path: string,
  parts: readonly (string | Uint8Array)[],
): void {
  const descriptor = createPrivateFile(path);
  try {
    for (const part of parts) writeFully(descriptor, part);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

export type PrivateFile =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly problem: string };

/** No link is followed, at the last step of the path. */
export function readPrivateFile(path: string, maxBytes: number): PrivateFile {
  let descriptor: number | undefined;
  try {
    // Non-blocking: a pipe in its place must not hold us up.
    const flags =
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(path, flags);
    const status = fstatSync(descriptor);
    const problem = problemOf(status, maxBytes);
    if (problem !== undefined) return { ok: false, problem };
    const bytes = Buffer.alloc(status.size);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(
        descriptor,
        bytes,
        length,
        bytes.length - length,
        null,
      );
      if (count === 0) break;
      length += count;
    }
    return { ok: true, bytes: bytes.subarray(0, length) };
  } catch (error) {
    const isLink = errorCode(error) === "ELOOP";
    return {
      ok: false,
      problem: isLink ? "it is a symbolic link" : describeError(error),
    };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function problemOf(status: Stats, maxBytes: number): string | undefined {
  if (!status.isFile()) return "it is no regular file";
  if (status.uid !== process.getuid?.()) return "it belongs to another user";
  if ((status.mode & 0o077) !== 0) return "others may read or write it";
  if (status.nlink !== 1) return "it has another name, too";
  if (status.size > maxBytes) return `it is larger than ${maxBytes} bytes`;
  return undefined;
}
