// The binary that this host was started from, and whether another one lies there now.

import { homedir, tmpdir } from "node:os";
import { sep } from "node:path";
import type { Candidate } from "../supervise/rollout.ts";
import {
  type Fingerprint,
  fingerprintFile,
  sameFingerprint,
} from "../sys/fingerprint.ts";
import { isExecutable } from "../sys/image.ts";

export interface LaunchBinary {
  readonly path: string;
  /** False where builds and clean-ups come and go: such a path may vanish. */
  readonly isPathStable: boolean;
  isReplaced(): boolean;
  /** What lies there now, the running one or another; undefined: nothing. */
  candidate(): Candidate | undefined;
}

/** `own` is the fingerprint of the running image. */
export function launchBinary(
  path: string,
  own: Fingerprint | undefined = fingerprintOrNone(path),
): LaunchBinary {
  return {
    path,
    isPathStable: isStable(path),
    isReplaced: () => {
      const now = fingerprintOrNone(path);
      // A missing file is no candidate; it may be a replacement under way.
      return (
        own !== undefined && now !== undefined && !sameFingerprint(own, now)
      );
    },
    candidate: () => {
      const now = fingerprintOrNone(path);
      if (now === undefined) return undefined;
      // Made executable later, it is another candidate, though the same file.
      return isExecutable(path) ? candidateOf(now) : `${candidateOf(now)}:idle`;
    },
  };
}

export function candidateOf(fingerprint: Fingerprint): Candidate {
  const { size_bytes, modified_unix_ns, inode } = fingerprint;
  return `${size_bytes}:${modified_unix_ns}:${inode}`;
}

function fingerprintOrNone(path: string): Fingerprint | undefined {
  try {
    return fingerprintFile(path);
  } catch {
    return undefined;
  }
}

const buildDirectories = new Set(["dist", "build", "target", "node_modules"]);

function isStable(path: string): boolean {
  const isInBuild = path
    .split(sep)
    .some((directory) => buildDirectories.has(directory));
  const isTemporary = [tmpdir(), "/tmp", "/var/tmp"].some((directory) =>
    path.startsWith(`${directory}${sep}`),
  );
  const isInHome = path.startsWith(`${homedir()}${sep}`);
  return !isInBuild && (!isTemporary || isInHome);
}
