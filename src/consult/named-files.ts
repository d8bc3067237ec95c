// Files that a caller points Claude to: they must be there and lie in the directory of
// the consult once symlinks are resolved, since a link could lead anywhere.

import { realpath, stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { errorCode } from "../base/json.ts";
import { liesInside } from "./directories.ts";

export type NamedFiles =
  /** As they are named from the directory, links kept. */
  | { readonly ok: true; readonly files: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** `directory` is canonical; relative names start there. */
export async function checkFiles(
  names: readonly string[],
  directory: string,
): Promise<NamedFiles> {
  const files: string[] = [];
  for (const name of names) {
    const path = resolve(directory, name);
    const problem = await problemWith(path, directory);
    if (problem !== undefined) {
      return {
        ok: false,
        problem: `files names ${JSON.stringify(name)}, which ${problem}.`,
      };
    }
    files.push(relative(directory, path) || `.${sep}`);
  }
  return { ok: true, files };
}

async function problemWith(
  path: string,
  directory: string,
): Promise<string | undefined> {
  // The list is given to Claude line by line.
  if (/\p{Cc}/u.test(path)) return "holds a control character: rename it";
  try {
    const canonical = await realpath(path);
    await stat(canonical);
    return (await liesInside(canonical, [directory]))
      ? undefined
      : `lies outside ${directory}: name a file inside, or another cwd`;
  } catch (error) {
    return errorCode(error) === "ENOENT"
      ? "does not exist: name a file that does"
      : `cannot be used (${errorCode(error)}): name another`;
  }
}
