// A repository whose configuration names programs everywhere git would run one. Each
// would leave a file.

import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitEnvironment, guardGit } from "../../src/claude/git-guard.ts";
import { capture } from "../../src/sys/capture.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const path = process.env["PATH"] ?? "/usr/bin:/bin";

export function scene() {
  const directory = tempDir();
  const [project, acts] = [directory.at("project"), directory.at("acts")];
  const environment = {
    PATH: path,
    HOME: directory.at("home"),
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "Ann",
    GIT_AUTHOR_EMAIL: "ann@example.org",
    GIT_COMMITTER_NAME: "Ann",
    GIT_COMMITTER_EMAIL: "ann@example.org",
  };
  for (const made of [project, acts, environment.HOME]) mkdirSync(made);
  const run = (
    words: readonly string[],
    cwd: string,
    variables: Record<string, string>,
  ) => {
    const done = Bun.spawnSync(["git", ...words], { cwd, env: variables });
    return { code: done.exitCode, stdout: done.stdout.toString() };
  };
  return {
    directory,
    project,
    acts,
    environment,
    act: (name: string) => `touch ${join(acts, name)}`,
    acted: () => readdirSync(acts).toSorted(),
    /** As its owner would, before anybody planted anything. */
    git: (words: readonly string[], cwd = project) => {
      const done = run(words, cwd, environment);
      if (done.code !== 0) throw new Error(`git ${words.join(" ")} failed`);
      return done.stdout;
    },
    /** As Claude would. */
    guarded: async (words: readonly string[], cwd = project) => {
      const guard = await guardGit({ cwd, environment, capture });
      const variables = {
        ...environment,
        ...gitEnvironment(guard, environment),
      };
      return { guard, ...run(words, cwd, variables) };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
export type Scene = ReturnType<typeof scene>;

/** Two commits and a change, in files that every kind of driver is named for. */
export function fill({ project, git }: Scene, directory = project) {
  const write = (name: string, text: string) =>
    writeFileSync(join(directory, name), text);
  git(["init", "--quiet"], directory);
  write(
    ".gitattributes",
    "*.conv diff=conv\n*.cmd diff=cmd\n*.flt filter=flt\n*.proc filter=proc\n",
  );
  for (const round of ["one", "two"]) {
    for (const kind of ["conv", "cmd", "flt", "proc", "txt"]) {
      write(`file.${kind}`, `${round} ${kind}\n`);
    }
    git(["add", "."], directory);
    git(["commit", "--quiet", "-m", round], directory);
  }
  for (const kind of ["conv", "cmd", "flt", "proc", "txt"]) {
    write(`file.${kind}`, `three ${kind}\n`);
  }
}

/** Two commits that differ in which commit of `sub` they name; returns its place. */
export function addSubmodule(here: Scene): string {
  const { project, git } = here;
  fill(here);
  const sub = join(project, "sub");
  mkdirSync(sub);
  fill(here, sub);
  writeFileSync(
    join(project, ".gitmodules"),
    '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n',
  );
  const commit = () => {
    git(["-c", "advice.addEmbeddedRepo=false", "add", "sub"]);
    git(["commit", "--quiet", "-m", "sub"]);
  };
  commit();
  git(["commit", "--quiet", "--all", "-m", "three"], sub);
  commit();
  return sub;
}

export function plant({ project, act, acts, git }: Scene, directory = project) {
  const settings = {
    "core.fsmonitor": `${act("fsmonitor")}; false`,
    "core.sshCommand": `${act("ssh")}; false`,
    "core.pager": `${act("pager")}; cat`,
    "diff.external": act("external"),
    "diff.conv.textconv": `${act("textconv")}; cat`,
    "diff.conv.cachetextconv": "true",
    "diff.cmd.command": act("command"),
    "filter.flt.clean": `${act("clean")}; cat`,
    "filter.flt.smudge": `${act("smudge")}; cat`,
    "filter.flt.required": "true",
    "filter.proc.process": act("process"),
    "log.showSignature": "true",
    "remote.origin.url": `ext::touch ${join(acts, "transport")}`,
    "protocol.ext.allow": "always",
  };
  for (const [name, value] of Object.entries(settings)) {
    git(["config", name, value], directory);
  }
}

/** Git runs gpg for whoever signed the last commit, with `log.showSignature`. */
export function sign({ directory, project, act, git }: Scene) {
  const gpg = directory.at("gpg");
  writeFileSync(gpg, `#!/bin/sh\n${act("gpg")}\n`);
  chmodSync(gpg, 0o755);
  git(["config", "gpg.program", gpg]);
  const commit = git(["cat-file", "commit", "HEAD"]).replace(
    "\n\n",
    "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n",
  );
  writeFileSync(directory.at("commit"), commit);
  const words = ["hash-object", "-t", "commit", "-w", directory.at("commit")];
  git(["update-ref", "HEAD", git(words, project).trim()]);
}
