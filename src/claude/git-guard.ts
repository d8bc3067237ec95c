// Git runs programs that a repository's own configuration names: filters and text
// converters on `git diff`, gpg on `git log`, transports on `git ls-remote`, a monitor
// on `git status`. Claude starts git by itself and lets its model call these commands
// unasked. Settings in the environment outrank those of every repository, submodules
// included, so each program that is named there is replaced before Claude starts.
// Where that cannot be done for certain, git is switched off for the run.

import type { Capture } from "../sys/capture.ts";
import type { Environment } from "../sys/settings.ts";
import { type Git, inspect, off, type Off, type Place } from "./git-inspect.ts";

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
  | Off;

export type GitSetting = readonly [key: string, value: string];

/** Of use in every repository, whatever its configuration says. */
const always: readonly GitSetting[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", "/dev/null"],
  // `git log --alternate-refs` asks it about the repositories that objects come from.
  ["core.alternateRefsCommand", "true"],
  ["log.showSignature", "false"],
  // Else git shows changes inside of submodules, also of those that only its history
  // names, by a git of their own that obeys their configuration.
  ["diff.submodule", "short"],
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
  // A merge can be shown as it differs from one that git does anew; this is how.
  [/^merge\..*\.driver$/s, "git merge-file -q %A %O %B"],
  // `git log --help` shows its page by it.
  [/^man\..*\.cmd$/s, "man"],
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
  const git: Git = (cwd, words, maxBytes) =>
    options.capture({
      command: ["git", ...words],
      cwd,
      environment,
      timeoutMs: askMs,
      maxBytes,
    });
  const names: string[] = [];
  const directories = [options.cwd];
  let place: Place | undefined;
  for (const directory of directories) {
    const found = await inspect(git, directory);
    if (found.kind === "off") return found;
    if (found.kind === "absent") {
      // It refuses repositories of other users, too: then it will also refuse Claude.
      if (place === undefined) return found;
      return off(`its submodule ${directory} cannot be read`);
    }
    place ??= found;
    names.push(...found.names);
    directories.push(...found.submodules);
    if (directories.length > maxRepositories) {
      return off(`it has more than ${maxRepositories} submodules`);
    }
  }
  if (place === undefined) return { kind: "absent" };
  const { gitDirectory, workTree } = place;
  const overrides = replaceSettings(names);
  return overrides.length > maxOverrides
    ? off(`it configures more than ${maxOverrides} programs`)
    : { kind: "guarded", overrides, gitDirectory, workTree };
}
