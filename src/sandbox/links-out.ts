// Links that lead out of the project. Claude Code refuses their names, but does not see
// through a glob: `cat l*` would follow them. So what they lead to is hidden, unless
// something needed lies there, or it is the system's own, which is no secret.

import { realpathSync } from "node:fs";
import { isInside } from "../base/paths.ts";

export interface BehindLinks {
  /** Real paths, none of which holds anything needed. */
  readonly hidden: readonly string[];
  /** How many lead to what cannot be hidden. */
  readonly open: number;
}

export interface LinksOptions {
  readonly workingDirectory: string;
  /** Real paths that must stay readable. */
  readonly needed: readonly string[];
}

const ofTheSystem = [
  "/bin",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/nix",
  "/opt",
  "/proc",
  "/run",
  "/sbin",
  "/sys",
  "/usr",
];

export function placesBehindLinks(
  links: readonly string[],
  { workingDirectory, needed }: LinksOptions,
): BehindLinks {
  const hidden = new Set<string>();
  let open = 0;
  for (const target of new Set(links.flatMap(leadsTo))) {
    if (isInside(target, workingDirectory)) continue;
    if (ofTheSystem.some((place) => isInside(target, place))) continue;
    const isNeeded = [workingDirectory, ...needed].some((path) =>
      isInside(path, target),
    );
    if (isNeeded) open += 1;
    else hidden.add(target);
  }
  return { hidden: [...hidden].toSorted(), open };
}

function leadsTo(link: string): string[] {
  try {
    return [realpathSync(link)];
  } catch {
    // It leads nowhere, or where nobody may go.
    return [];
  }
}
