// The binary that this host was started from, and whether another one lies there now.

import { homedir, tmpdir } from "node:os";
import { sep } from "node:path";
import {
  type Fingerprint,
  fingerprintFile,
  sameFingerprint,
} from "../sys/fingerprint.ts";

export interface LaunchBinary {
  readonly path: string;
  /** False where builds and clean-ups come and go: such a path may vanish. */
  readonly isPathStable: boolean;
  isReplaced(): boolean;
}

export function launchBinary(path: string): LaunchBinary {
  const atStart = fingerprintOrNone(path);
  return {
    path,
    isPathStable: isStable(path),
    isReplaced: () => {
      const now = fingerprintOrNone(path);
      // A missing file is no candidate; it may be a replacement under way.
      return (
        atStart !== undefined &&
        now !== undefined &&
        !sameFingerprint(atStart, now)
      );
    },
  };
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
