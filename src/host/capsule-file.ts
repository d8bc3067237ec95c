// Where a capsule lies between two images: made new and private, read once, removed.
// The environment names it (PHONE_OPUS_MCP_HOST_STATE), and the environment may be
// anybody's, so nothing is believed and nothing removed that is not plainly ours.

import { basename, dirname, join } from "node:path";
import {
  ensurePrivateDirectory,
  namesIn,
  removeIfPossible,
} from "../sys/files.ts";
import { identifyProcess } from "../sys/processes.ts";
import { readPrivateFile, writeNewPrivateFile } from "../sys/private-file.ts";
import { type Capsule, decodeCapsule, encodeCapsule } from "./capsule.ts";

export const capsuleVariable = "PHONE_OPUS_MCP_HOST_STATE";

const nameOf = (pid: number, token: string) => `capsule-${pid}-${token}`;
const namePattern = /^capsule-(\d+)-[0-9a-f-]{36}$/;

/** More than a session can owe; a file beyond it was not made by a host. */
const maxCapsuleBytes = 1 << 30;

/** Throws the system error; `token` is a UUID that nobody can guess. */
export function writeCapsule(
  directory: string,
  token: string,
  capsule: Capsule,
): string {
  ensurePrivateDirectory(directory);
  const path = join(directory, nameOf(capsule.host.pid, token));
  writeNewPrivateFile(path, encodeCapsule(capsule));
  return path;
}

export type LoadedCapsule =
  | { readonly ok: true; readonly capsule: Capsule }
  /** One sentence of why this is not taken. */
  | { readonly ok: false; readonly problem: string };

/** The capsule that this process left to itself before its image was replaced. */
export function takeOwnCapsule(directory: string, path: string): LoadedCapsule {
  return takeCapsule(directory, path, { purpose: "handoff", pid: process.pid });
}

/** The copy that the process that started us made for a rehearsal. */
export function takeParentsCapsule(
  directory: string,
  path: string,
): LoadedCapsule {
  return takeCapsule(directory, path, { purpose: "prove", pid: process.ppid });
}

interface Expectation {
  readonly purpose: Capsule["purpose"];
  /** Whose session it must be. */
  readonly pid: number;
}

/** Reads the capsule and removes it: it is good for once. */
function takeCapsule(
  directory: string,
  path: string,
  expected: Expectation,
): LoadedCapsule {
  const refuse = (problem: string): LoadedCapsule => ({
    ok: false,
    problem: `The capsule ${path} is refused: ${problem}.`,
  });
  if (dirname(path) !== directory || !namePattern.test(basename(path))) {
    return refuse(`it does not lie in ${directory}`);
  }
  const file = readPrivateFile(path, maxCapsuleBytes);
  if (!file.ok) return refuse(file.problem);
  const decoded = decodeCapsule(file.bytes);
  if (!decoded.ok) return refuse(decoded.problem);
  const { capsule } = decoded;
  if (capsule.purpose !== expected.purpose) {
    return refuse(`it is for ${capsule.purpose}, not for ${expected.purpose}`);
  }
  const host = identifyProcess(expected.pid);
  if (
    host?.pid !== capsule.host.pid ||
    host.start_time !== capsule.host.start_time
  ) {
    return refuse(`it belongs to the host ${capsule.host.pid}`);
  }
  // The session goes on in either case.
  removeIfPossible(path);
  return { ok: true, capsule };
}

/** Those of hosts that are no more, and this host's own. Best effort. */
export function reapCapsules(directory: string): void {
  try {
    for (const name of namesIn(directory)) {
      const pid = Number(namePattern.exec(name)?.[1] ?? Number.NaN);
      const isStale =
        pid === process.pid ||
        (Number.isInteger(pid) && identifyProcess(pid) === undefined);
      if (isStale) removeIfPossible(join(directory, name));
    }
  } catch {
    // They are private all the same, and the next start tries again.
  }
}
