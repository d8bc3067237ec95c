// Where a host is started from, and the ways in which new binaries come to lie there:
// `current` is a link to a versioned directory, as an installer leaves it.

import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface Launch {
  /** What the client starts. */
  readonly path: string;
  /** A new file takes the place of the old one in one step. */
  renameOver(source: string): void;
  /** The same with a file of this text. */
  write(text: string | Uint8Array, mode?: number): void;
  /** The old file goes, the new one grows in its place; `pause` comes between. */
  copySlowly(source: string, pause: () => Promise<void>): Promise<void>;
  /** Another versioned directory becomes the current one; returns its binary. */
  switchTo(source: string): string;
}

const name = "phone-opus";
const chunks = 6;

export function makeLaunch(home: string, source: string): Launch {
  const current = join(home, "opt/current");
  const path = join(current, name);
  let version = 0;
  const install = (put: (target: string) => void): string => {
    version += 1;
    const directory = join(home, `opt/versions/${version}`);
    mkdirSync(directory, { recursive: true });
    put(join(directory, name));
    symlinkSync(directory, `${current}.new`);
    renameSync(`${current}.new`, current);
    return join(directory, name);
  };
  install((target) => linkSync(source, target));
  return {
    path,
    renameOver: (from) => {
      // Another name instead of a copy: tests are many, and builds are large.
      linkSync(from, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
    write: (text, mode = 0o755) => {
      writeFileSync(`${path}.new`, text);
      chmodSync(`${path}.new`, mode);
      renameSync(`${path}.new`, path);
    },
    copySlowly: async (from, pause) => {
      const bytes = readFileSync(from);
      const step = Math.ceil(bytes.length / chunks);
      rmSync(path);
      const descriptor = openSync(path, "wx", 0o755);
      try {
        for (let at = 0; at < bytes.length; at += step) {
          writeSync(descriptor, bytes.subarray(at, at + step));
          await pause();
        }
      } finally {
        closeSync(descriptor);
      }
    },
    switchTo: (from) => {
      const previous = readlinkSync(current);
      const target = install((file) => linkSync(from, file));
      // An installer keeps the one before; of hundreds only the last two.
      rmSync(join(previous, "../", String(version - 2)), {
        recursive: true,
        force: true,
      });
      return target;
    },
  };
}

/** What a handoff must not leave behind. */
export function capsulesIn(stateHome: string): string[] {
  return readdirSync(join(stateHome, "phone_opus/mcp")).filter((each) =>
    each.startsWith("capsule"),
  );
}
