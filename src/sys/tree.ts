// One look at all files below a directory, bounded, to tell later whether any of them
// changed. It reads names and status alone: nothing in the files, nothing through a
// symlink, and it executes nothing, so that a hostile project cannot steer it. The
// change time cannot be set back by a program as the time of the content can.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Clock } from "./clock.ts";

export interface TreeOptions {
  readonly root: string;
  /** Further files and directories that belong to it. */
  readonly extra: readonly string[];
  /** True for what is looked at neither itself nor below. */
  readonly isExcluded: (path: string) => boolean;
  readonly maxEntries: number;
  readonly budgetMs: number;
  readonly clock: Clock;
}

/** Of each directory that was listed whole: its names and what was seen of each. */
export type Listings = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface Tree {
  readonly listings: Listings;
  readonly isComplete: boolean;
}

const checkEvery = 256;
/** Between two rests, so that timers and signals are served. */
const sliceMs = 20;

/** Undefined where the root itself cannot be listed, or not within the bounds. */
export async function lookAtTree(
  options: TreeOptions,
): Promise<Tree | undefined> {
  const { root, clock, maxEntries, isExcluded } = options;
  const device = statusOf(root)?.dev;
  const listings = new Map<string, Map<string, string>>();
  const deferred: string[] = [];
  let queue = [root];
  let isComplete = true;
  let entries = 0;
  const startMs = clock.monotonicMs();
  let sliceEndMs = startMs + sliceMs;
  const isSpent = () =>
    entries >= maxEntries || clock.monotonicMs() - startMs >= options.budgetMs;

  const enter = (
    listing: Map<string, string>,
    name: string,
    path: string,
  ): Stats | undefined => {
    if (isExcluded(path)) return undefined;
    // Read from bytes that are no text: the name leads to nothing, or elsewhere.
    if (name.includes("\u{FFFD}")) isComplete = false;
    const status = statusOf(path);
    if (status === undefined) return undefined;
    entries += 1;
    listing.set(name, seen(path, status));
    return status;
  };

  const extras = new Map<string, string>();
  for (const path of options.extra) {
    const status = enter(extras, path, path);
    if (status?.isDirectory() === true) queue.push(path);
  }
  for (;;) {
    // What others installed comes last: it is large, and matters least.
    if (queue.length === 0) queue = deferred.splice(0);
    const directory = queue.shift();
    if (directory === undefined) break;
    if (isSpent()) {
      isComplete = false;
      break;
    }
    if (clock.monotonicMs() >= sliceEndMs) {
      await new Promise(setImmediate);
      sliceEndMs = clock.monotonicMs() + sliceMs;
    }
    const names = namesIn(directory);
    if (names === undefined) {
      isComplete = false;
      continue;
    }
    const listing = new Map<string, string>();
    const isGit = isGitDirectory(names);
    let isWhole = true;
    for (const name of names) {
      // One directory may hold more than all others.
      if (entries % checkEvery === checkEvery - 1 && isSpent()) {
        isWhole = false;
        break;
      }
      const path = join(directory, name);
      const status = enter(listing, name, path);
      if (status?.isDirectory() !== true) continue;
      // Objects are named by their content, and there may be very many.
      if (isGit && name === "objects") continue;
      if (status.dev !== device) isComplete = false;
      else if (name === "node_modules") deferred.push(path);
      else queue.push(path);
    }
    if (isWhole) listings.set(directory, listing);
    else isComplete = false;
  }
  if (!listings.has(root)) return undefined;
  if (extras.size > 0) listings.set("", extras);
  return { listings, isComplete };
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return undefined;
  }
}

function isGitDirectory(names: readonly string[]): boolean {
  return ["HEAD", "objects", "refs"].every((name) => names.includes(name));
}

/** A directory changes with what is in it, and that is listed by itself. */
function seen(path: string, status: Stats): string {
  if (status.isDirectory()) return `d ${status.mode} ${status.ino}`;
  const link = status.isSymbolicLink() ? ` ${targetOf(path)}` : "";
  return `${status.mode} ${status.size} ${status.mtimeMs} ${status.ctimeMs} ${status.ino}${link}`;
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

export function countEntries({ listings }: Tree): number {
  return [...listings.values()].reduce((sum, { size }) => sum + size, 0);
}

export function digestTree({ listings }: Tree): string {
  const hash = createHash("sha256");
  for (const directory of [...listings.keys()].toSorted()) {
    hash.update(`\0${directory}\0`);
    for (const [name, what] of listings.get(directory) ?? []) {
      hash.update(`${name}\0${what}\0`);
    }
  }
  return hash.digest("hex");
}

export interface Difference {
  readonly path: string;
  readonly change: "added" | "removed" | "modified";
}

/** Only directories that both looks listed whole can be compared. */
export function* compareTrees(
  before: Tree,
  after: Tree,
): Generator<Difference> {
  for (const [directory, old] of before.listings) {
    const now = after.listings.get(directory);
    if (now === undefined) continue;
    for (const [name, what] of old) {
      const path = join(directory, name);
      const found = now.get(name);
      if (found === undefined) yield { path, change: "removed" };
      else if (found !== what) yield { path, change: "modified" };
    }
    for (const name of now.keys()) {
      if (!old.has(name)) {
        yield { path: join(directory, name), change: "added" };
      }
    }
  }
}
