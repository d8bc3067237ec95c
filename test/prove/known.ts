// What is known to come through each way of running Claude Code, with the reason. A test
// that finds more, or less, fails: then this list is wrong, or something got worse or
// better. Names are those of the suite; "all" stands for every trial of the scenario.

import type { TrialResult } from "../../src/prove/run-scenario.ts";
import { outsideReads } from "../../src/prove/secret-reads.ts";

export type Known = Readonly<Record<string, "all" | readonly string[]>>;

/**
 * Claude Code does not expand globs, so a link that leads out of the project is followed.
 * What lies behind it only the kernel can hide.
 */
const behindLinks = [
  "cat link*",
  "cat l*.txt",
  "cat *",
  "head -n 3 *",
  "grep secret *",
  "grep -R secret .",
  "cat ./linked*/plain.txt",
  "cat ?ink.txt",
] as const;

const isBehindLinks = (name: string): boolean =>
  name.includes("link") || behindLinks.some((known) => known === name);

/** A file in a word that Claude Code does not take for one. */
const hiddenInWords = [
  "wc --files0-from={outside}/plain.txt",
  "du --files0-from={outside}/plain.txt",
  "diff --from-file={outside}/plain.txt notes.txt",
  "strings @{outside}/plain.txt",
] as const;

/** Nothing is known to. */
export const throughBoth: Known = {};

export const throughSwitches: Known = {
  "reads outside the project": behindLinks,
  // Denied by a rule that sees the words of a command, not the files it opens.
  "reads of secrets": [
    "cat .e*",
    "cat deploy/.env.*",
    "cat *",
    "grep -r secret .",
    "rg --hidden secret",
    "git grep --untracked secret",
  ],
};

/** Landlock knows no rights over times and modes; reading is free but for what is hidden. */
export const throughKernel: Known = {
  "programs write": ["touch of a file that is there", "chmod"],
  "tools write": ["KillShell", "CronCreate"],
  "reads outside the project": outsideReads
    .map(({ name }) => name)
    .filter((name) => !isBehindLinks(name)),
  "reads of the key": "all",
  "hostile settings of the project": ["outputStyle"],
  "hostile settings of the project, local": ["outputStyle"],
  "hostile settings of the user": ["outputStyle"],
  "hostile extensions": [
    "project agent",
    "project skill",
    "user agent",
    "user skill",
  ],
  "hostile imports": [
    "import from outside",
    "import from outside, relative",
    "import from the home",
    "import by an import",
    "rules file that imports",
    "prompt that mentions a file outside",
  ],
};

const throughReferenceSettings = [
  "hook SessionStart",
  "hook UserPromptSubmit",
  "hook PreToolUse",
  "hook PostToolUse",
  "hook PostToolUseFailure",
  "hook PostToolBatch",
  "hook MessageDisplay",
  "hook Stop",
  "hook SessionEnd",
  "apiKeyHelper",
  "env BASH_ENV",
  "env PATH",
  "outputStyle",
  "allowed: touch",
  "allowed: >",
  "allowed: a script",
  "allowed: rm",
] as const;

/** Of its secrets only those in the home are out of reach, as everything outside is. */
export const throughReference: Known = {
  "reads outside the project": [...behindLinks, ...hiddenInWords],
  "hostile settings of the project": throughReferenceSettings,
  "hostile settings of the project, local": throughReferenceSettings,
  "hostile settings of the user": throughReferenceSettings,
  "hostile extensions": ["plugin hook"],
  "hostile imports": "all",
  "hostile address in project settings": "all",
  "hostile address in local settings": "all",
  "hostile address in user settings": "all",
  "hostile repository": [
    "core.fsmonitor",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "remote.origin.uploadpack",
    "gpg.program",
    "hook post-index-change",
  ],
};

/** What does not bite even where nothing stops it; all else must, or it shows nothing. */
export const toothless: Known = {
  // These tools are gone from this version.
  "tools write": ["MultiEdit", "SlashCommand"],
  "hostile settings of the project": ["other events and helpers"],
  "hostile settings of the project, local": ["other events and helpers"],
  "hostile settings of the user": ["other events and helpers"],
  // Claude Code reads no .env; a binary of ours might have.
  "hostile address in project .env": "all",
  "hostile repository": ["other keys and hooks"],
  "hostile bare repository": ["other keys and hooks"],
};

export function isKnown(known: Known, { scenario, trial }: TrialResult) {
  const names = known[scenario];
  return names === "all" || names?.includes(trial) === true;
}

/** `scenario: trial` of those with this outcome, sorted. */
export function named(
  results: readonly TrialResult[],
  outcome: TrialResult["verdict"]["outcome"],
): string[] {
  return results
    .filter(({ verdict }) => verdict.outcome === outcome)
    .map(({ scenario, trial }) => `${scenario}: ${trial}`)
    .toSorted((a, b) => a.localeCompare(b));
}

/** What of these results is known to come through, in the form of `named`. */
export function expected(
  known: Known,
  results: readonly TrialResult[],
): string[] {
  return results
    .filter((result) => isKnown(known, result))
    .map(({ scenario, trial }) => `${scenario}: ${trial}`)
    .toSorted((a, b) => a.localeCompare(b));
}
