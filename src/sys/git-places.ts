// Where the git repository of a directory keeps its state, found without git: by names
// and by the two small files with which work trees point to it.

import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { resolveLinks } from "./files.ts";

/** What decides which commit is checked out, and what git will do next. */
const parts = [
  "HEAD",
  "index",
  "config",
  "config.worktree",
  "packed-refs",
  "refs",
  "hooks",
  "info",
];

/** Of the nearest repository: the paths that do not lie below `directory` anyway. */
export function gitPartsOutside(directory: string): string[] {
  const found = nearest(directory);
  if (found === undefined) return [];
  const common = pointer(join(found, "commondir"), /^(.+?)\n?$/s);
  const places = [
    found,
    ...(common === undefined ? [] : [resolve(found, common)]),
  ];
  return places
    .filter((place) => !`${place}/`.startsWith(`${directory}/`))
    .flatMap((place) => parts.map((part) => join(place, part)));
}

function nearest(directory: string): string | undefined {
  const candidate = resolveLinks(join(directory, ".git"));
  const status = lstatSync(candidate, { throwIfNoEntry: false });
  if (status?.isDirectory() === true) return candidate;
  if (status?.isFile() === true) {
    const target = pointer(candidate, /^gitdir: (.+?)\n?$/s);
    return target === undefined ? undefined : resolve(directory, target);
  }
  const parent = dirname(directory);
  return parent === directory ? undefined : nearest(parent);
}

const longestPointer = 8192;

function pointer(path: string, form: RegExp): string | undefined {
  try {
    if (!lstatSync(path).isFile()) return undefined;
    const descriptor = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(longestPointer);
      const count = readSync(descriptor, bytes, 0, longestPointer, 0);
      return form.exec(bytes.toString("utf8", 0, count))?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
