// A repository whose configuration names programs everywhere git would run one: with the
// guard's environment git does its work and runs none of them, seen on disk.

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  gitEnvironment,
  guardGit,
  replaceSettings,
} from "../../src/claude/git-guard.ts";
import { type Capture, capture } from "../../src/sys/capture.ts";
import { fill, plant, scene, sign } from "./hostile-repository.ts";

describe("a repository that names programs", () => {
  test("has them run by git as it is: the evidence is no accident", async () => {
    await using here = scene();
    fill(here);
    sign(here);
    plant(here);
    for (const words of [["diff"], ["log", "-p"], ["ls-remote"], ["status"]]) {
      Bun.spawnSync(["git", ...words], {
        cwd: here.project,
        env: here.environment,
      });
    }
    const planted = ["fsmonitor", "gpg", "process", "textconv", "transport"];
    expect(planted.filter((name) => !here.acted().includes(name))).toEqual([]);
  });

  test("has none of them run under the guard, and git still works", async () => {
    await using here = scene();
    fill(here);
    sign(here);
    plant(here);
    const { guard, stdout: diff } = await here.guarded(["diff"]);
    expect(guard).toMatchObject({ kind: "guarded", workTree: here.project });
    for (const kind of ["conv", "cmd", "flt", "proc", "txt"]) {
      expect(diff).toContain(`-two ${kind}\n+three ${kind}\n`);
    }
    const log = await here.guarded(["log", "-p"]);
    expect(log.stdout).toContain("-one conv\n+two conv\n");
    expect((await here.guarded(["status", "--short"])).stdout).toContain(
      " M file.flt\n",
    );
    expect((await here.guarded(["blame", "file.conv"])).stdout).toContain(
      "three conv",
    );
    expect((await here.guarded(["show", "HEAD:file.txt"])).stdout).toBe(
      "two txt\n",
    );
    expect((await here.guarded(["ls-remote"])).code).not.toBe(0);
    expect((await here.guarded(["fetch", "--dry-run"])).code).not.toBe(0);
    expect(here.acted()).toEqual([]);
    // What a text converter made would have been kept here.
    expect(here.git(["for-each-ref", "refs/notes"])).toBe("");
  });

  test("in a submodule, which git visits by itself, has none run either", async () => {
    await using here = scene();
    fill(here);
    const sub = join(here.project, "sub");
    mkdirSync(sub);
    fill(here, sub);
    here.git(["-c", "advice.addEmbeddedRepo=false", "add", "sub"]);
    plant(here, sub);
    const words = ["status", "--short", "--ignore-submodules=none"];
    const { guard, stdout } = await here.guarded(words);
    expect(guard.kind).toBe("guarded");
    expect(stdout).toContain("sub\n");
    expect(here.acted()).toEqual([]);
  });

  test("further down, which nobody looked at, is never taken", async () => {
    await using here = scene();
    fill(here);
    const nested = join(here.project, "nested");
    mkdirSync(nested);
    fill(here, nested);
    plant(here, nested);
    const guard = await guardGit({
      cwd: here.project,
      environment: here.environment,
      capture,
    });
    const done = Bun.spawnSync(["git", "diff"], {
      cwd: nested,
      env: { ...here.environment, ...gitEnvironment(guard, {}) },
    });
    expect(done.stdout.toString()).toContain("three txt");
    expect(here.acted()).toEqual([]);
  });
});

describe("git is switched off", () => {
  test("where the working tree is configured to lie elsewhere", async () => {
    await using here = scene();
    fill(here);
    here.git(["config", "core.worktree", here.directory.path]);
    const { guard, code } = await here.guarded(["status"]);
    expect(guard.kind).toBe("off");
    expect(code).not.toBe(0);
  });

  test("where a name is no text and could not be passed on", async () => {
    await using here = scene();
    fill(here);
    writeFileSync(
      join(here.project, ".git/config"),
      Buffer.from(
        `[core]\n\trepositoryformatversion = 0\n[filter "\xff"]\n\tclean = cat\n`,
        "latin1",
      ),
    );
    expect((await here.guarded(["status"])).guard.kind).toBe("off");
  });

  test("where more programs are named than can be replaced", async () => {
    await using here = scene();
    fill(here);
    const filters = Array.from(
      { length: 501 },
      (_, index) => `[filter "f${index}"]\n\tclean = cat\n`,
    );
    writeFileSync(
      join(here.project, ".git/config"),
      `[core]\n\trepositoryformatversion = 0\n${filters.join("")}`,
    );
    expect((await here.guarded(["status"])).guard.kind).toBe("off");
  });

  test("where a submodule's configuration cannot be read", async () => {
    await using here = scene();
    fill(here);
    const sub = join(here.project, "sub");
    mkdirSync(sub);
    fill(here, sub);
    here.git(["-c", "advice.addEmbeddedRepo=false", "add", "sub"]);
    writeFileSync(join(sub, ".git/config"), "[");
    expect((await here.guarded(["status"])).guard.kind).toBe("off");
  });

  const answers = (script: (words: string) => [number, string] | undefined) => {
    const asked: Capture = (request) => {
      const answer = script(request.command.slice(1).join(" "));
      return Promise.resolve(
        answer === undefined
          ? { ok: false, reason: "ended by SIGKILL" }
          : { ok: true, code: answer[0], stdout: Buffer.from(answer[1]) },
      );
    };
    return guardGit({ cwd: "/p", environment: {}, capture: asked });
  };
  /** A bare repository, which needs no files. */
  const good = (words: string): [number, string] =>
    words.startsWith("rev-parse")
      ? [128, "/p\ntrue\n"]
      : words.startsWith("config")
        ? [0, "command\0command line:\0core.fsmonitor\nfalse\0"]
        : [128, ""];

  test("where git hangs, at the first question or later", async () => {
    expect((await answers(() => undefined)).kind).toBe("off");
    const later = await answers((words) =>
      words.startsWith("config") ? undefined : good(words),
    );
    expect(later.kind).toBe("off");
  });

  test("where git is too old to take settings from the environment", async () => {
    expect((await answers(good)).kind).toBe("guarded");
    const old = await answers((words) =>
      words.startsWith("config")
        ? [0, "global\0file:/g\0user.name\nAnn\0"]
        : good(words),
    );
    expect(old).toMatchObject({ kind: "off" });
  });
});

describe("there is nothing to guard", () => {
  test("outside of repositories, and none is taken", async () => {
    await using here = scene();
    const { guard, code } = await here.guarded(["status"]);
    expect([guard.kind, code === 0]).toEqual(["absent", false]);
  });

  test("without git", async () => {
    await using here = scene();
    const environment = { PATH: here.acts };
    const cwd = here.project;
    expect(await guardGit({ cwd, environment, capture })).toEqual({
      kind: "absent",
    });
  });

  test("in a directory that is gone", async () => {
    await using here = scene();
    const { environment, project: cwd } = here;
    rmSync(cwd, { recursive: true });
    expect((await guardGit({ cwd, environment, capture })).kind).toBe("absent");
  });
});

test("a bare repository is read as any other", async () => {
  await using here = scene();
  fill(here);
  const bare = here.directory.at("bare");
  here.git(["clone", "--quiet", "--bare", here.project, bare]);
  const { guard, stdout } = await here.guarded(["log", "--format=%s"], bare);
  expect(guard).toMatchObject({ kind: "guarded", workTree: undefined });
  expect(stdout).toBe("two\none\n");
});

test("a linked working tree is read as any other", async () => {
  await using here = scene();
  fill(here);
  const linked = here.directory.at("linked");
  here.git(["worktree", "add", "--quiet", linked]);
  const { guard, stdout } = await here.guarded(["status", "--short"], linked);
  expect([guard.kind, stdout]).toEqual(["guarded", ""]);
});

test.each([
  ["filter.a.b.clean", ""],
  ["filter.a\nb.process", ""],
  ["diff.x.textconv", "cat"],
  ["core.editor", undefined],
  ["user.name", undefined],
  ["difftool.x.cmd", undefined],
])("the setting %j is replaced by %j", (name, value) => {
  expect(replaceSettings([name, name])).toEqual(
    value === undefined ? [] : [[name, value]],
  );
});
