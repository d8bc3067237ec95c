// Finds what a run may not read: the places that exist, and what the name patterns mean
// below the working directory. That walk is bounded; where it was cut, it says so.

import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { type DenyPatterns, nameMatcher } from "./deny-patterns.ts";

export interface Secrets {
  /** Real paths, each a file or a directory with all that is below it. */
  readonly paths: readonly string[];
  /** Links below the working directory, wherever they lead. */
  readonly links: readonly string[];
  /** False where there was more to look through than is allowed. */
  readonly isComplete: boolean;
}

export interface WalkBounds {
  readonly maxEntries: number;
  readonly maxMs: number;
  readonly nowMs: () => number;
}

/** What others wrote, by the ten thousand, and git's own objects. */
const notWalked = new Set([".git", "node_modules"]);

export function findSecrets(
  patterns: DenyPatterns,
  workingDirectory: string,
  bounds: WalkBounds,
): Secrets {
  const found = new Set<string>();
  const links: string[] = [];
  const excepted = new Set(patterns.exceptPlaces.flatMap(realPath));
  const add = (path: string) => {
    for (const real of realPath(path)) {
      if (!excepted.has(real)) found.add(real);
    }
  };
  let isComplete = true;
  for (const place of patterns.places) {
    if (!hasGlob(place)) add(place);
    else {
      const base = place.slice(0, place.search(/[*?[{]/));
      const root = base.slice(0, base.lastIndexOf("/")) || "/";
      const glob = new Bun.Glob(place);
      const isWalked = walk(root, bounds, (relative, descend) => {
        const path = join(root, relative);
        if (glob.match(path)) add(path);
        else descend();
      });
      isComplete &&= isWalked;
    }
  }
  const matches = nameMatcher(patterns);
  // For its links, too: where they lead does not depend on what is denied.
  const isWalked = walk(
    workingDirectory,
    bounds,
    (relative, descend, isLink) => {
      if (matches(relative)) add(join(workingDirectory, relative));
      else if (isLink) links.push(join(workingDirectory, relative));
      else descend();
    },
  );
  isComplete &&= isWalked;
  return { paths: [...found].toSorted(), links, isComplete };
}

function hasGlob(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** A link stands for what it leads to; what is not there needs no hiding. */
function realPath(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** The nearest first, never through links. False when something was not looked at. */
function walk(
  root: string,
  { maxEntries, maxMs, nowMs }: WalkBounds,
  visit: (relativePath: string, descend: () => void, isLink: boolean) => void,
): boolean {
  const startedMs = nowMs();
  const waiting = [""];
  let entries = 0;
  let isWhole = true;
  for (
    let directory = waiting.shift();
    directory !== undefined;
    directory = waiting.shift()
  ) {
    for (const entry of entriesOf(join(root, directory))) {
      entries += 1;
      if (entries > maxEntries) return false;
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      // Read from bytes that are no text: the name leads to nothing, or elsewhere.
      if (entry.name.includes("\u{FFFD}")) isWhole = false;
      visit(
        path,
        () => {
          if (entry.isDirectory() && !notWalked.has(entry.name)) {
            waiting.push(path);
          }
        },
        entry.isSymbolicLink(),
      );
    }
    if (nowMs() - startedMs > maxMs) return isWhole && waiting.length === 0;
  }
  return isWhole;
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

export interface PlaceEntry {
  readonly name: string;
  readonly isLink: boolean;
}

/** For splitting: what is in a directory, undefined where it cannot be known. */
export function listPlace(directory: string): readonly PlaceEntry[] {
  return entriesOf(directory).map((entry) => ({
    name: entry.name,
    isLink: entry.isSymbolicLink(),
  }));
}

export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
