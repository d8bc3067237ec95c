// Repositories that are not where they seem to be, and places that hold none any more.

import { describe, expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { addSubmodule, fill, scene } from "./hostile-repository.ts";

test.each([
  ["a file", (path: string) => writeFileSync(path, "")],
  ["a link to itself", (path: string) => symlinkSync("sub", path)],
])("where a submodule was, %s hinders nothing", async (_name, put) => {
  await using here = scene();
  const sub = addSubmodule(here);
  rmSync(sub, { recursive: true });
  put(sub);
  const { guard, stdout } = await here.guarded(["log", "-1", "--format=%s"]);
  expect([guard.kind, stdout]).toEqual(["guarded", "sub\n"]);
});

describe("git is switched off", () => {
  test("where a name in two lines passes one repository off as another", async () => {
    await using here = scene();
    fill(here);
    const at = (name: string) => join(here.project, name);
    cpSync(at(".git"), at("harmful"), { recursive: true });
    renameSync(at(".git"), at("harmful\ntrue"));
    writeFileSync(at(".git"), "gitdir: harmful\ntrue\n");
    const words = ["--git-dir", at("harmful"), "config", "diff.external"];
    here.git([...words, here.act("external")]);
    const { guard } = await here.guarded(["diff"]);
    expect(here.acted()).toEqual([]);
    expect(guard.kind).toBe("off");
  });

  test("where the working tree is another repository's, above", async () => {
    await using here = scene();
    fill(here);
    const below = join(here.project, "vendor/below");
    mkdirSync(below, { recursive: true });
    fill(here, below);
    here.git(["config", "core.worktree", "../../.."], below);
    const { guard } = await here.guarded(["status"], below);
    expect(guard).toMatchObject({ kind: "off" });
  });
});

describe("a file that git blame quotes", () => {
  const setting = "blame.ignoreRevsFile";

  test.each(["../elsewhere", "~/elsewhere", "link"])(
    "is not %s: git is switched off",
    async (path) => {
      await using here = scene();
      fill(here);
      const text = "the secret of the horn\n";
      for (const name of ["elsewhere", "home/elsewhere"]) {
        writeFileSync(here.directory.at(name), text);
      }
      symlinkSync("../elsewhere", join(here.project, "link"));
      here.git(["config", setting, path]);
      writeFileSync(join(here.project, "harmless"), "# none\n");
      here.git(["config", "--add", setting, "harmless"]);
      const plain = Bun.spawnSync(["git", "blame", "file.txt"], {
        cwd: here.project,
        env: here.environment,
      });
      expect(plain.stderr.toString()).toContain(text);
      expect((await here.guarded(["blame", "file.txt"])).guard).toMatchObject({
        kind: "off",
      });
    },
  );

  test("may lie in the project", async () => {
    await using here = scene();
    fill(here);
    writeFileSync(join(here.project, ".ignored"), "# none\n");
    here.git(["config", setting, ".ignored"]);
    const { guard, stdout } = await here.guarded(["blame", "file.txt"]);
    expect(guard.kind).toBe("guarded");
    expect(stdout).toContain("three txt");
  });
});

describe("settings of a repository", () => {
  test.each(["../../elsewhere", "~/elsewhere", "../link"])(
    "are not taken from %s: git is switched off",
    async (path) => {
      await using here = scene();
      fill(here);
      const text = "[client]\n\tpassword = horn\n";
      for (const name of ["elsewhere", "home/elsewhere"]) {
        writeFileSync(here.directory.at(name), text);
      }
      symlinkSync("../elsewhere", join(here.project, "link"));
      here.git(["config", "include.path", path]);
      const words = ["config", "--get", "client.password"];
      expect(here.git(words)).toBe("horn\n");
      expect((await here.guarded(words)).guard).toMatchObject({ kind: "off" });
    },
  );

  test("may be taken from the project, and from the user's own files", async () => {
    await using here = scene();
    fill(here);
    writeFileSync(join(here.project, "shared"), "[a]\n\tb = ours\n");
    writeFileSync(here.directory.at("mine"), "[a]\n\tc = mine\n");
    here.git(["config", "include.path", "../shared"]);
    const global = `[include]\n\tpath = ${here.directory.at("mine")}\n`;
    writeFileSync(here.directory.at("home/.gitconfig"), global);
    here.environment.GIT_CONFIG_GLOBAL = here.directory.at("home/.gitconfig");
    const deep = join(here.project, "deep");
    mkdirSync(deep);
    for (const [name, value] of [
      ["a.b", "ours\n"],
      ["a.c", "mine\n"],
    ] as const) {
      const words = ["config", "--get", name];
      const { guard, stdout } = await here.guarded(words, deep);
      expect([guard.kind, stdout]).toEqual(["guarded", value]);
    }
  });
});

describe("from below its root a working tree is read as any other", () => {
  test("of a submodule", async () => {
    await using here = scene();
    const sub = addSubmodule(here);
    here.git(["submodule", "--quiet", "absorbgitdirs"]);
    mkdirSync(join(sub, "deep"));
    const { guard } = await here.guarded(["status"], join(sub, "deep"));
    expect(guard).toMatchObject({ kind: "guarded", workTree: sub });
  });

  test("whose repository lies elsewhere", async () => {
    await using here = scene();
    fill(here);
    const gitDirectory = here.directory.at("apart");
    here.git(["init", "--quiet", `--separate-git-dir=${gitDirectory}`]);
    const deep = join(here.project, "deep");
    mkdirSync(deep);
    const { guard } = await here.guarded(["status"], deep);
    expect(guard).toMatchObject({ kind: "guarded", gitDirectory });
  });
});
