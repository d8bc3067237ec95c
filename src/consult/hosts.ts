// Which hosts of this user are alive: each leaves a note, so that a person can reach
// them all without knowing their pids.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type ProcessIdentity, processIdentitySchema } from "../base/ids.ts";
import { ensurePrivateDirectory, namesIn, replaceFile } from "../sys/files.ts";
import { identifyProcess, isSameProcessAlive } from "../sys/processes.ts";
import { readRecord } from "./spool.ts";

export interface Registration {
  remove(): void;
}

/** Best effort: a host that cannot leave its note serves all the same. */
export function registerHost(hostsDirectory: string): Registration {
  const self = identifyProcess(process.pid);
  const path = join(hostsDirectory, `${process.pid}.json`);
  try {
    ensurePrivateDirectory(hostsDirectory);
    replaceFile(path, JSON.stringify(self));
  } catch {
    return { remove: () => {} };
  }
  return { remove: () => rmSync(path, { force: true }) };
}

/** Those that live; the notes of others are removed. */
export function liveHosts(hostsDirectory: string): ProcessIdentity[] {
  return namesIn(hostsDirectory).flatMap((name) => {
    // Others are notes in the making.
    if (!/^\d+\.json$/.test(name)) return [];
    const path = join(hostsDirectory, name);
    const host = readRecord(path, processIdentitySchema);
    if (host !== undefined && isSameProcessAlive(host)) return [host];
    rmSync(path, { force: true });
    return [];
  });
}
