// Git runs programs that a repository's own configuration names: filters and text
// converters on `git diff`, gpg on `git log`, transports on `git ls-remote`, a monitor
// on `git status`. Claude starts git by itself and lets its model call these commands
// unasked. Settings in the environment outrank those of every repository, submodules
// included, so each program that is named there is replaced before Claude starts.
// Where that cannot be done for certain, git is switched off for the run.

import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Capture } from "../sys/capture.ts";
import type { Environment } from "../sys/settings.ts";

export type GitGuard =
  /** Git works on this repository alone, and runs nothing but itself. */
  | {
      readonly kind: "guarded";
      readonly overrides: readonly GitSetting[];
      readonly gitDirectory: string;
      /** Undefined in a bare repository. */
      readonly workTree: string | undefined;
    }
  /** No repository here, or no git: there is nothing to guard. */
  | { readonly kind: "absent" }
  | { readonly kind: "off"; readonly why: string };

export type GitSetting = readonly [key: string, value: string];

/** Of use in every repository, whatever its configuration says. */
const always: readonly GitSetting[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", "/dev/null"],
  ["log.showSignature", "false"],
  ["gpg.program", "false"],
  ["gpg.openpgp.program", "false"],
  ["gpg.x509.program", "false"],
  ["gpg.ssh.program", "false"],
];

/** Stands in for an external diff, which cannot be unset; git adds the arguments. */
const plainDiff =
  'plain() { diff -u -L "a/$1" -L "b/$1" "$2" "$5"; true; }; plain';

const replacements: readonly (readonly [RegExp, string])[] = [
  [/^filter\..*\.(clean|smudge|process)$/s, ""],
  [/^filter\..*\.required$/s, "false"],
  [/^diff\.external$/, plainDiff],
  [/^diff\..*\.command$/s, plainDiff],
  [/^diff\..*\.textconv$/s, "cat"],
  // It would keep what it converted in the repository.
  [/^diff\..*\.cachetextconv$/s, "false"],
];

/** What replaces the settings of these names; git prints them with lower-case ends. */
export function replaceSettings(names: readonly string[]): GitSetting[] {
  return [...new Set(names)].flatMap((name) => {
    const found = replacements.find(([pattern]) => pattern.test(name));
    return found === undefined ? [] : [[name, found[1]] as const];
  });
}

/**
 * Git's part of Claude's environment. Transports are closed too: `git ls-remote` of a
 * remote such as `ext::sh …` would run it.
 */
export function gitEnvironment(
  guard: GitGuard,
  inherited: Environment,
): Record<string, string> {
  const count = Number(inherited["GIT_CONFIG_COUNT"] ?? 0);
  const first = Number.isInteger(count) && count > 0 ? count : 0;
  const settings = [
    ...always,
    ...(guard.kind === "guarded" ? guard.overrides : []),
  ];
  return {
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${first + index}`, key],
        [`GIT_CONFIG_VALUE_${first + index}`, value],
      ]),
    ),
    GIT_CONFIG_COUNT: String(first + settings.length),
    GIT_ALLOW_PROTOCOL: "none",
    GIT_NO_LAZY_FETCH: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    ...placeOf(guard),
  };
}

/** Pinned: a repository further down, which nobody looked at, is never taken. */
function placeOf(guard: GitGuard): Record<string, string> {
  if (guard.kind !== "guarded") return { GIT_DIR: "/dev/null" };
  return {
    GIT_DIR: guard.gitDirectory,
    ...(guard.workTree === undefined ? {} : { GIT_WORK_TREE: guard.workTree }),
  };
}

const askMs = 5000;
const maxNamesBytes = 1 << 20;
const maxIndexBytes = 256 << 20;
const maxRepositories = 200;
/** The environment of a process has its limits. */
const maxOverrides = 500;

export interface GuardOptions {
  readonly cwd: string;
  /** Claude's own, without git's part. */
  readonly environment: Readonly<Record<string, string>>;
  readonly capture: Capture;
}

/** Looks at the repository that `cwd` lies in; executes nothing that it names. */
export async function guardGit(options: GuardOptions): Promise<GitGuard> {
  const { GIT_DIR: _, ...gitPart } = gitEnvironment(
    { kind: "absent" },
    options.environment,
  );
  const environment = { ...options.environment, ...gitPart };
  const git = (cwd: string, words: readonly string[], maxBytes: number) =>
    options.capture({
      command: ["git", ...words],
      cwd,
      environment,
      timeoutMs: askMs,
      maxBytes,
    });
  const inside = await git(
    options.cwd,
    ["rev-parse", "--absolute-git-dir"],
    65_536,
  );
  if (!inside.ok && /ENOENT|not found/i.test(inside.reason)) {
    return { kind: "absent" };
  }
  if (!inside.ok) return off(`git did not answer: ${inside.reason}`);
  // It refuses repositories of other users, too: then it will also refuse Claude.
  if (inside.code !== 0) return { kind: "absent" };
  const gitDirectory = decode(inside.stdout)?.replace(/\n$/, "");
  if (gitDirectory === undefined) return off("its path is no text");

  const works = await git(options.cwd, ["config", "core.fsmonitor"], 65_536);
  if (!works.ok || decode(works.stdout)?.trim() !== "false") {
    return off("this git does not take settings from the environment");
  }
  const found = await findWorkTree(git, options.cwd);
  if (found === undefined) {
    return off("the repository names a working tree somewhere else");
  }
  const { root } = found;
  const names: string[] = [];
  const directories = [root ?? options.cwd];
  for (const directory of directories) {
    const listed = await git(
      directory,
      ["config", "--list", "--name-only", "-z"],
      maxNamesBytes,
    );
    const text = listed.ok && listed.code === 0 ? decode(listed.stdout) : null;
    if (typeof text !== "string") {
      return off(`its configuration in ${directory} cannot be read`);
    }
    names.push(...text.split("\0"));
    // A bare repository has no submodules checked out.
    if (root === undefined) break;
    const modules = await subRepositories(git, directory);
    if (modules === undefined) {
      return off(`its index in ${directory} cannot be read`);
    }
    directories.push(...modules);
    if (directories.length > maxRepositories) {
      return off(`it has more than ${maxRepositories} submodules`);
    }
  }
  const overrides = replaceSettings(names);
  return overrides.length > maxOverrides
    ? off(`it configures more than ${maxOverrides} programs`)
    : { kind: "guarded", overrides, gitDirectory, workTree: root };
}

type Git = (
  cwd: string,
  words: readonly string[],
  maxBytes: number,
) => ReturnType<Capture>;

function off(why: string): GitGuard {
  return { kind: "off", why };
}

/**
 * The root of its files; none in a bare repository. Undefined for one that is configured
 * (core.worktree) to lie elsewhere: it may be any directory of this machine.
 */
async function findWorkTree(
  git: Git,
  cwd: string,
): Promise<{ readonly root: string | undefined } | undefined> {
  const asked = await git(cwd, ["rev-parse", "--show-toplevel"], 65_536);
  if (!asked.ok) return undefined;
  if (asked.code !== 0) {
    const bare = await git(cwd, ["rev-parse", "--is-bare-repository"], 65_536);
    const isBare = bare.ok && decode(bare.stdout)?.trim() === "true";
    return isBare ? { root: undefined } : undefined;
  }
  const root = decode(asked.stdout)?.replace(/\n$/, "");
  if (root === undefined) return undefined;
  const isAbove = `${cwd}/`.startsWith(root === "/" ? root : `${root}/`);
  return isAbove && exists(join(root, ".git")) ? { root } : undefined;
}

/** The repositories that the index names, as far as they are there. */
async function subRepositories(
  git: Git,
  directory: string,
): Promise<string[] | undefined> {
  const listed = await git(
    directory,
    ["ls-files", "--stage", "-z"],
    maxIndexBytes,
  );
  if (!listed.ok || listed.code !== 0) return undefined;
  const links: string[] = [];
  for (const entry of splitAtNul(listed.stdout)) {
    if (entry[0] !== 0x31 || entry[1] !== 0x36) continue;
    const text = decode(entry);
    if (text === undefined) return undefined;
    if (!text.startsWith("160000 ")) continue;
    const path = join(directory, text.slice(text.indexOf("\t") + 1));
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

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
