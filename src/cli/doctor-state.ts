// Whether the state directory can be used, or made, by this user and no other.

import { accessSync, constants, existsSync, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { describeError } from "../base/json.ts";
import { isDirectory } from "../sys/files.ts";
import type { StatePaths } from "../sys/paths.ts";

/** What is wrong with it and what to do; undefined: nothing. */
export function problemOfState(paths: StatePaths): string | undefined {
  const { root, consults, hosts, ledger } = paths;
  if (!existsSync(root)) {
    const place = nearestExisting(root);
    const problem = accessProblem(place);
    return problem === undefined
      ? undefined
      : `${root} cannot be made in ${place} (${problem}): correct that, or set XDG_STATE_HOME to a directory of yours`;
  }
  if (!isDirectory(root)) return `${root} is no directory: move it away`;
  const problem = accessProblem(root);
  if (problem !== undefined) {
    return `${root} cannot be used (${problem}): correct its permissions`;
  }
  const open = [root, consults, hosts, ledger].filter(isOpenToOthers);
  return open.length === 0
    ? undefined
    : `others may enter ${open.join(", ")}: chmod go= ${open.join(" ")}`;
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function accessProblem(directory: string): string | undefined {
  if (!isDirectory(directory)) return "no directory";
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

function isOpenToOthers(path: string): boolean {
  const mode = lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o077) !== 0;
}
