// What there is to know of a repository before git may be let loose on it: where it is,
// which settings it has, which other repositories its index names. Asks git a few short
// questions that execute nothing.

import { lstatSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isInside } from "../base/paths.ts";
import type { Capture } from "../sys/capture.ts";
import { resolveLinks } from "../sys/files.ts";

const maxPlaceBytes = 65_536;
const maxSettingsBytes = 4 << 20;
const maxIndexBytes = 256 << 20;

export type Git = (
  cwd: string,
  words: readonly string[],
  maxBytes: number,
) => ReturnType<Capture>;

export interface Off {
  readonly kind: "off";
  readonly why: string;
}

export function off(why: string): Off {
  return { kind: "off", why };
}

export interface Place {
  readonly gitDirectory: string;
  readonly workTree: string | undefined;
}

interface Repository extends Place {
  readonly kind: "repository";
  /** Of all its settings. */
  readonly names: readonly string[];
  readonly submodules: readonly string[];
}

export async function inspect(
  git: Git,
  cwd: string,
): Promise<Repository | Off | { readonly kind: "absent" }> {
  const [asked, listed, staged] = await Promise.all([
    git(cwd, [...placeWords], maxPlaceBytes),
    git(cwd, [...settingsWords], maxSettingsBytes),
    git(cwd, ["ls-files", "--stage", "--full-name", "-z", ":/"], maxIndexBytes),
  ]);
  if (!asked.ok) {
    return /ENOENT|not found/i.test(asked.reason)
      ? { kind: "absent" }
      : off(`git did not answer: ${asked.reason}`);
  }
  const text = decode(asked.stdout);
  if (text === undefined) return off("its path is no text");
  const lines = text.split("\n");
  const [gitDirectory = "", isBare, root = ""] = lines;
  if (gitDirectory === "") return { kind: "absent" };
  // A path of two lines could pass another repository off as the one that was read.
  if (lines.length !== (isBare === "true" ? 3 : 4)) {
    return off("git does not tell its place in one line each");
  }

  const settings =
    listed.ok && listed.code === 0 ? parseSettings(listed.stdout) : undefined;
  if (settings === undefined) {
    return off(`its configuration in ${cwd} cannot be read`);
  }
  const monitor = settings.findLast(({ name }) => name === "core.fsmonitor");
  if (monitor?.value !== "false") {
    return off("this git does not take settings from the environment");
  }
  if (settings.some((setting) => quotesElsewhere(setting, root || cwd))) {
    return off("blame.ignoreRevsFile of the repository names a file elsewhere");
  }
  if (takesFromElsewhere(settings, gitDirectory, root)) {
    return off("the repository takes settings from a file elsewhere");
  }
  const names = settings.map(({ name }) => name);
  if (isBare === "true") {
    return {
      kind: "repository",
      gitDirectory,
      workTree: undefined,
      names,
      submodules: [],
    };
  }
  // A configured working tree (core.worktree) may be any directory of this machine.
  if (
    root === "" ||
    !isInside(cwd, root) ||
    !exists(join(root, ".git")) ||
    (root !== cwd && (await gitDirectoryAt(git, root)) !== gitDirectory)
  ) {
    return off("the repository names a working tree somewhere else");
  }
  const submodules =
    staged.ok && staged.code === 0
      ? findSubmodules(root, staged.stdout)
      : undefined;
  return submodules === undefined
    ? off(`its index in ${root} cannot be read`)
    : { kind: "repository", gitDirectory, workTree: root, names, submodules };
}

/** The last answer is missing in a bare repository. */
const placeWords = [
  "rev-parse",
  "--absolute-git-dir",
  "--is-bare-repository",
  "--show-toplevel",
] as const;

async function gitDirectoryAt(git: Git, root: string) {
  const words = ["rev-parse", "--absolute-git-dir"];
  const asked = await git(root, words, maxPlaceBytes);
  return asked.ok ? decode(asked.stdout)?.replace(/\n$/, "") : undefined;
}

const settingsWords = [
  "config",
  "--list",
  "-z",
  "--show-scope",
  "--show-origin",
] as const;

interface Setting {
  /** Whose it is: `system`, `global`, `local`, `worktree` or `command`. */
  readonly scope: string;
  /** `file:` and a path from where the working tree begins, or something else. */
  readonly origin: string;
  readonly name: string;
  readonly value: string;
}

/** In the order of their rank; the last of a name counts. */
function parseSettings(bytes: Uint8Array): Setting[] | undefined {
  const text = decode(bytes);
  if (text === undefined) return undefined;
  const settings: Setting[] = [];
  const words = text.split("\0").values();
  for (const scope of words) {
    const origin = words.next().value ?? "";
    const entry = words.next().value ?? "";
    const end = entry.indexOf("\n");
    settings.push(
      end === -1
        ? { scope, origin, name: entry, value: "" }
        : {
            scope,
            origin,
            name: entry.slice(0, end),
            value: entry.slice(end + 1),
          },
    );
  }
  return settings;
}

/**
 * `git blame` quotes what it cannot use of this file. It may be named several times, and
 * the environment adds to these names, so that none can be taken back.
 */
function quotesElsewhere(setting: Setting, root: string): boolean {
  const { name, value } = setting;
  if (name !== "blame.ignorerevsfile" || !isOwn(setting)) return false;
  // Git replaces a `~` and a `%(prefix)` at the start.
  return (
    /^[~%]/.test(value) || !isInside(resolveLinks(resolve(root, value)), root)
  );
}

/** Claude lets `git config --get` pass: it would tell what is in that file. */
function takesFromElsewhere(
  settings: readonly Setting[],
  gitDirectory: string,
  root: string,
): boolean {
  const isLinked = basename(dirname(gitDirectory)) === "worktrees";
  const places = [
    gitDirectory,
    ...(root === "" ? [] : [root]),
    ...(isLinked ? [resolve(gitDirectory, "../..")] : []),
  ];
  const origins = new Set(settings.filter(isOwn).map(({ origin }) => origin));
  return [...origins].some((origin) => {
    const path = origin.replace(/^file:/, "");
    const file = resolveLinks(resolve(root || gitDirectory, path));
    return !places.some((place) => isInside(file, place));
  });
}

/** Whether it is the repository's, not its user's. */
function isOwn({ scope }: Setting): boolean {
  return scope === "local" || scope === "worktree";
}

const gitLink = Buffer.from("160000 ");

/** The repositories that the index names, as far as they are there. */
function findSubmodules(root: string, index: Uint8Array): string[] | undefined {
  const links: string[] = [];
  for (const entry of splitAtNul(index)) {
    if (!gitLink.equals(entry.subarray(0, gitLink.length))) continue;
    const text = decode(entry);
    if (text === undefined) return undefined;
    const path = join(root, text.slice(text.indexOf("\t") + 1));
    if (exists(join(path, ".git"))) links.push(path);
  }
  return links;
}

function* splitAtNul(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    if (end === -1) return;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** Undefined where the bytes are no text: such a name could not be passed on. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Where the way to it is cut, git does not get there, either. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
