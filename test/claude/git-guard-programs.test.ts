// Programs of a repository that run where one expects none, and repositories that git
// enters although its index does not name them. Each is seen to act without the guard.

import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { addSubmodule, fill, type Scene, scene } from "./hostile-repository.ts";

/** As git is without a guard: the evidence is no accident. */
function unguarded({ project, environment }: Scene, words: readonly string[]) {
  Bun.spawnSync(["git", ...words], { cwd: project, env: environment });
}

/** A merge that git must do anew to show what was made of it. */
function mergeBothSides({ project, git }: Scene) {
  const commit = (line: string) => {
    writeFileSync(join(project, "file.mrg"), `one\n${line}\nthree\n`);
    git(["add", "."]);
    git(["commit", "--quiet", "-m", line]);
  };
  git(["init", "--quiet", "--initial-branch=main"]);
  writeFileSync(join(project, ".gitattributes"), "*.mrg merge=mrg\n");
  commit("two");
  git(["checkout", "--quiet", "-b", "side"]);
  commit("side");
  git(["checkout", "--quiet", "main"]);
  commit("main");
  git(["merge", "--quiet", "--strategy=ours", "side", "-m", "both"]);
}

describe("programs are not run", () => {
  test.each([["-m"], ["--remerge-diff"]])(
    "that merge, by log %s",
    async (option) => {
      await using here = scene();
      mergeBothSides(here);
      here.git(["config", "log.diffMerges", "remerge"]);
      here.git(["config", "merge.mrg.driver", `${here.act("merge")}; false`]);
      const { stdout } = await here.guarded(["log", "-1", "-p", option]);
      expect(stdout).toContain("-side\n");
      expect(here.acted()).toEqual([]);
      unguarded(here, ["log", "-1", "-p", option]);
      expect(here.acted()).toEqual(["merge"]);
    },
  );

  test("that know the branches of the repository that objects come from", async () => {
    await using here = scene();
    fill(here);
    const other = here.directory.at("other");
    mkdirSync(other);
    fill(here, other);
    const objects = join(other, ".git/objects");
    writeFileSync(
      join(here.project, ".git/objects/info/alternates"),
      `${objects}\n`,
    );
    here.git(["config", "core.alternateRefsCommand", here.act("alternate")]);
    const words = ["log", "-1", "--alternate-refs"];
    expect((await here.guarded(words)).stdout).toContain("two\n");
    expect(here.acted()).toEqual([]);
    unguarded(here, words);
    expect(here.acted()).toEqual(["alternate"]);
  });

  test("that show a manual page", async () => {
    await using here = scene();
    fill(here);
    here.git(["config", "man.viewer", "mine"]);
    here.git(["config", "man.mine.cmd", `${here.act("man")};`]);
    await here.guarded(["log", "--help"]);
    expect(here.acted()).toEqual([]);
    unguarded(here, ["log", "--help"]);
    expect(here.acted()).toEqual(["man"]);
  });
});

describe("a submodule that the index does not name has no program run", () => {
  test("where history names it", async () => {
    await using here = scene();
    const sub = addSubmodule(here);
    here.git(["rm", "--quiet", "--cached", "sub"]);
    here.git(["commit", "--quiet", "-m", "gone"]);
    here.git(["config", "diff.submodule", "diff"]);
    here.git(["config", "diff.external", here.act("external")], sub);
    const { stdout } = await here.guarded(["log", "-p"]);
    expect(stdout).toContain("+Subproject commit ");
    expect(here.acted()).toEqual([]);
    unguarded(here, ["log", "-p"]);
    expect(here.acted()).toEqual(["external"]);
  });

  test("where only its repository is there", async () => {
    await using here = scene();
    const sub = addSubmodule(here);
    const kept = join(here.project, ".git/modules/sub");
    mkdirSync(dirname(kept));
    renameSync(join(sub, ".git"), kept);
    rmSync(sub, { recursive: true });
    here.git(["config", "submodule.sub.url", "./sub"]);
    here.git(["config", "diff.submodule", "diff"]);
    const there = ["--git-dir", kept, "config", "diff.external"];
    here.git([...there, here.act("external")]);
    expect((await here.guarded(["log", "-p"])).code).toBe(0);
    expect(here.acted()).toEqual([]);
    unguarded(here, ["log", "-p"]);
    expect(here.acted()).toEqual(["external"]);
  });
});
