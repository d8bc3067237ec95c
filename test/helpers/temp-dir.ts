// A directory of a test's own that is gone when the test is, whatever it holds.

import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir extends AsyncDisposable {
  /** Absolute and canonical. */
  readonly path: string;
  /** A path inside; makes nothing. */
  at(...names: string[]): string;
}

export function tempDir(): TempDir {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-unit-")));
  return {
    path,
    at: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: async () => {
      unlock(path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Nobody but root removes what is in a directory that a test has closed. */
function unlock(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) unlock(join(directory, entry.name));
  }
}

/** The permission bits of what stands there. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
