// What tells one file on disk from another that later stands at the same path.

import { statSync } from "node:fs";
import { z } from "zod";

export const fingerprintSchema = z.object({
  size_bytes: z.string(),
  modified_unix_ns: z.string(),
  inode: z.string(),
});
/** Decimal strings, since nanoseconds do not fit a double. */
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** Follows symlinks; throws the system error where there is no such file. */
export function fingerprintFile(path: string): Fingerprint {
  const status = statSync(path, { bigint: true });
  return {
    size_bytes: String(status.size),
    modified_unix_ns: String(status.mtimeNs),
    inode: String(status.ino),
  };
}

export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return (
    a.size_bytes === b.size_bytes &&
    a.modified_unix_ns === b.modified_unix_ns &&
    a.inode === b.inode
  );
}
