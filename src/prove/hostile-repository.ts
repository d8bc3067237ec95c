// A repository whose own configuration starts programs: Claude Code's git at start and
// the reading git commands of the model would run them.

import { bash, type Ground, type PlantTrial, type Scenario } from "./trial.ts";

/** Keys that are seen to start a program where nothing stops them. */
const configured = [
  ["core.fsmonitor", "; false"],
  ["core.sshCommand", "; true"],
  ["diff.external", "; true"],
  ["diff.evil.command", "; true"],
  ["diff.evil.textconv", "; cat"],
  ["filter.evil.clean", "; cat"],
  ["filter.evil.smudge", "; cat"],
  ["remote.origin.uploadpack", ""],
  ["tar.evil.command", "; cat"],
  ["difftool.evil.cmd", ""],
  ["alias.st", "", "!"],
] as const;

/** Keys that a terminal, a writing command or a network would need as well. */
const otherKeys = [
  "core.pager",
  "pager.log",
  "pager.diff",
  "core.editor",
  "sequence.editor",
  "core.askPass",
  "core.gitProxy",
  "core.alternateRefsCommand",
  "credential.helper",
  "merge.evil.driver",
  "gpg.ssh.program",
  "gpg.ssh.defaultKeyCommand",
  "interactive.diffFilter",
  "trailer.evil.command",
  "uploadpack.packObjectsHook",
  "browser.evil.cmd",
] as const;
const others = "other keys and hooks";

const otherHooks = [
  "fsmonitor-watchman",
  "pre-commit",
  "post-checkout",
  "reference-transaction",
  "pre-auto-gc",
  "post-merge",
] as const;

/** What a reviewer runs. */
const reads = [
  "git status",
  "git status --short",
  "git diff",
  "git diff HEAD~1",
  "git diff --stat",
  "git log -2",
  "git log -p -2",
  "git log --show-signature -1",
  "git show HEAD",
  "git show HEAD:notes.evil",
  "git blame notes.evil",
  "git grep flat",
  "git ls-files",
  "git ls-files --eol",
  "git describe --always --dirty",
  "git rev-parse HEAD",
  "git branch -a",
  "git tag",
  "git stash list",
  "git config --list",
  "git remote show origin",
  "git ls-remote origin",
  "git ls-remote",
  "git ls-remote far",
  "git remote show far",
  "git archive --format=evil HEAD",
  "git difftool -y --tool=evil HEAD~1",
  "git submodule status",
  "git cat-file --textconv HEAD:notes.evil",
  "git cat-file --filters HEAD:notes.evil",
  "git diff-files",
  "git diff-index HEAD",
  "git check-attr -a notes.evil",
  "git for-each-ref",
  "git shortlog HEAD",
  "git reflog",
  "git st",
  "git worktree list",
  "git -C sub status",
  "git -C sub diff",
  "cd sub && git status",
  "cd sub; git log -1",
] as const;

const plant = (name: string): PlantTrial => ({ kind: "plant", name });

function plantConfiguration(ground: Ground): void {
  ground.write(".gitattributes", "*.evil diff=evil filter=evil merge=evil\n");
  ground.write("notes.evil", "first\n");
  ground.git("add", ".");
  ground.git("commit", "-q", "-m", "evil");
  ground.write("notes.evil", "second, and longer\n");
  ground.git("remote", "add", "origin", ".");
  ground.git("remote", "add", "far", "ssh://127.0.0.1:9/x");
  sign(ground);
  ground.write("sub/notes.txt", "below\n");
  ground.git("init", "-q", "sub");
  ground.git("-C", "sub", "add", ".");
  ground.git("-C", "sub", "commit", "-q", "-m", "sub");
  ground.write("sub/notes.txt", "below, changed\n");
  for (const [key, suffix, prefix = ""] of configured) {
    ground.git("config", key, `${prefix}${ground.act(key)}${suffix}`);
  }
  for (const key of otherKeys) ground.git("config", key, ground.act(others));
  // Git starts this one by its path.
  ground.git("config", "gpg.program", ground.program("gpg.program"));
  ground.git("config", "log.showSignature", "true");
  ground.git(
    "-C",
    "sub",
    "config",
    "core.fsmonitor",
    `${ground.act("nested core.fsmonitor")}; false`,
  );
  ground.git(
    "-C",
    "sub",
    "config",
    "diff.external",
    `${ground.act("nested diff.external")}; true`,
  );
  const hook = (name: string, command: string) =>
    ground.write(`.git/hooks/${name}`, `#!/bin/sh\n${command}\n`, 0o755);
  hook("post-index-change", ground.act("hook post-index-change"));
  for (const name of otherHooks) hook(name, ground.act(others));
}

/** Puts a signature on the last commit, so that showing it calls for a program. */
function sign(ground: Ground): void {
  const [header, ...message] = ground
    .git("cat-file", "commit", "HEAD")
    .split("\n\n");
  const signature =
    "gpgsig -----BEGIN PGP SIGNATURE-----\n \n eA==\n -----END PGP SIGNATURE-----";
  ground.write(
    ".git/signed",
    `${header}\n${signature}\n\n${message.join("\n\n")}\n`,
  );
  const commit = ground.git("hash-object", "-t", "commit", "-w", ".git/signed");
  ground.git("update-ref", "HEAD", commit);
}

export const hostileRepository: Scenario = {
  name: "hostile repository",
  trials: [
    ...configured.map(([key]) => plant(key)),
    plant("gpg.program"),
    plant("hook post-index-change"),
    plant(others),
    plant("nested core.fsmonitor"),
    plant("nested diff.external"),
  ],
  triggers: reads.map(bash),
  plant: plantConfiguration,
};

/** The directory looks like a bare repository, whose configuration git would obey. */
export const hostileBareRepository: Scenario = {
  name: "hostile bare repository",
  trials: ["core.fsmonitor", others].map(plant),
  triggers: ["git status", "git diff", "git log -1", "git show HEAD"].map(bash),
  plant: (ground) => {
    ground.remove(".git");
    ground.git("init", "-q", "--bare", ".");
    ground.git("config", "core.bare", "false");
    ground.git("config", "core.worktree", ground.project);
    ground.git(
      "config",
      "core.fsmonitor",
      `${ground.act("core.fsmonitor")}; false`,
    );
    for (const key of ["diff.external", "core.pager"]) {
      ground.git("config", key, `${ground.act(others)}; false`);
    }
  },
};
