// Directories as callers name them: made canonical, and weighed against the roots that
// they must lie in. Symlinks are resolved on both sides first.

import { access, constants, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { errorCode } from "../base/json.ts";
import { isInside } from "../base/paths.ts";

export type ResolvedDirectory =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: string };

/** `requested` starts at the base directory, which is also the default. */
export async function resolveDirectory(
  requested: string | undefined,
  baseDirectory: string,
): Promise<ResolvedDirectory> {
  const candidate = resolve(baseDirectory, requested ?? ".");
  const refuse = (problem: string) => ({ ok: false, problem }) as const;
  try {
    const path = await realpath(candidate);
    const status = await stat(path);
    if (!status.isDirectory()) {
      return refuse(`cwd ${candidate} is not a directory: name one that is.`);
    }
    await access(path, constants.R_OK | constants.X_OK);
    return { ok: true, path };
  } catch (error) {
    return refuse(
      errorCode(error) === "ENOENT"
        ? `cwd ${candidate} does not exist: name a directory that does.`
        : `cwd ${candidate} cannot be used (${errorCode(error)}): name another directory.`,
    );
  }
}

/** Of a canonical path. A root that does not exist holds nothing. */
export async function liesInside(
  path: string,
  roots: readonly string[],
): Promise<boolean> {
  const canonical = await Promise.all(
    roots.map((root) => realpath(root).catch(() => undefined)),
  );
  return canonical.some((root) => root !== undefined && isInside(path, root));
}
