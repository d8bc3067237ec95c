// The version of a binary: asked once, remembered by the binary's fingerprint, and no
// state of the cache in the way of the answer.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  askVersion,
  forgetVersion,
  isAtLeast,
  learnVersion,
  type Version,
} from "../../src/claude/version.ts";
import { temporaryDirectory } from "./consulting.ts";
import { matching } from "./matching.ts";

function world(printed = "2.1.329 (Claude Code)\n") {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const path = at("claude");
  writeFileSync(path, "binary");
  const asked: string[] = [];
  return {
    at,
    path,
    asked,
    cache: at("state/claude-versions.json"),
    learn: (cachePath = at("state/claude-versions.json"), binary = path) =>
      learnVersion(binary, cachePath, () => {
        asked.push(binary);
        return Promise.resolve(printed);
      }),
    /** From the program itself. */
    learnFrom: (binary: string) =>
      learnVersion(binary, at("state/claude-versions.json"), () =>
        askVersion(binary, { PATH: "/usr/bin:/bin" }),
      ),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

const known = { ok: true as const, version: "2.1.329" };

describe("a version", () => {
  test("is asked once and then remembered, in a file of the user's own", async () => {
    using here = world();
    expect([await here.learn(), await here.learn()]).toEqual([known, known]);
    expect(here.asked).toEqual([here.path]);
    expect(statSync(here.cache).mode & 0o777).toBe(0o600);
    expect(statSync(here.at("state")).mode & 0o777).toBe(0o700);
  });

  test("is asked again when the binary was replaced or touched", async () => {
    using here = world();
    await here.learn();
    writeFileSync(here.path, "longer binary");
    await here.learn();
    utimesSync(here.path, new Date(0), new Date(0));
    await here.learn();
    await here.learn();
    expect(here.asked.length).toBe(3);
  });

  test("is remembered for each binary, and forgotten for one alone", async () => {
    using here = world();
    const other = here.at("other");
    writeFileSync(other, "other");
    await here.learn();
    await here.learn(here.cache, other);
    forgetVersion(here.path, here.cache);
    await here.learn();
    await here.learn(here.cache, other);
    expect(here.asked).toEqual([here.path, other, here.path]);
  });

  test.each([
    ["2.1.329 (Claude Code)\n", "2.1.329"],
    ["claude 3.0.1-beta.2", "3.0.1"],
    ["v10.20.30", "10.20.30"],
  ])("is found in %j", async (printed, version) => {
    using here = world(printed);
    expect(await here.learn()).toEqual({ ok: true, version });
  });

  test.each(["", "hello", "2.1", "x".repeat(300)])(
    "is not found in %j, which is quoted and not remembered",
    async (printed) => {
      using here = world(printed);
      expect(await here.learn()).toEqual({
        ok: false,
        problem: `${here.path} --version printed no version but ${JSON.stringify(printed.slice(0, 200))}: check that it is Claude Code.`,
      });
      expect(existsSync(here.cache)).toBe(false);
    },
  );

  test("of a binary that vanished is a problem that names it", async () => {
    using here = world();
    const gone = here.at("gone");
    expect<unknown>(await here.learn(here.cache, gone)).toEqual({
      ok: false,
      problem: matching(
        /\/gone --version failed \(ENOENT.*\): check that it runs\.$/,
      ),
    });
  });
});

describe("a cache", () => {
  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"claude": 1}',
    "\u0000\u0001",
    '{"/x": {"fingerprint": {}, "version": 2}}',
  ])("of %j is written anew", async (content) => {
    using here = world();
    mkdirSync(here.at("state"));
    writeFileSync(here.cache, content);
    expect(await here.learn()).toEqual(known);
    expect(await here.learn()).toEqual(known);
    expect(here.asked.length).toBe(1);
    expect(readFileSync(here.cache, "utf8")).toContain("2.1.329");
  });

  test("that cannot be written costs a question each time, no more", async () => {
    using here = world();
    // Not even root may make a directory there.
    symlinkSync(here.at("nowhere/deep"), here.at("dangling"));
    const cache = here.at("dangling/claude-versions.json");
    expect([await here.learn(cache), await here.learn(cache)]).toEqual([
      known,
      known,
    ]);
    expect(here.asked.length).toBe(2);
  });

  test("that is a directory, or lies below a file, costs a question, no more", async () => {
    using here = world();
    mkdirSync(here.at("directory"));
    writeFileSync(here.at("file"), "");
    expect(await here.learn(here.at("directory"))).toEqual(known);
    expect(await here.learn(here.at("file/cache.json"))).toEqual(known);
  });
});

describe("asking", () => {
  function program(here: ReturnType<typeof world>, script: string): string {
    const path = here.at("program");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  test("runs the binary with --version alone, outside of any project", async () => {
    using here = world();
    const path = program(here, 'echo "$# $1 $(pwd)"; echo noise >&2');
    expect(await askVersion(path, { PATH: "/usr/bin:/bin" })).toBe(
      "1 --version /\n",
    );
  });

  test("gives the binary the environment named, and no other", async () => {
    using here = world();
    const path = program(here, "/usr/bin/env | sort");
    const printed = await askVersion(path, { LANGUAGE: "de", NOT: undefined });
    const names = printed.split("\n").map((line) => line.split("=")[0]);
    // What a shell sets by itself.
    expect(
      names.filter(
        (name) => !["", "PWD", "OLDPWD", "SHLVL", "_"].includes(name ?? ""),
      ),
    ).toEqual(["LANGUAGE"]);
  });

  test("a binary that fails is a problem with its exit code", async () => {
    using here = world();
    const path = program(here, "echo 2.1.329; exit 3");
    expect(await here.learnFrom(path)).toEqual({
      ok: false,
      problem: `${path} --version failed (exit code 3): check that it runs.`,
    });
    expect(existsSync(here.cache)).toBe(false);
  });

  test("a binary that is none is a problem, too", async () => {
    using here = world();
    const path = here.at("no-program");
    writeFileSync(path, "\u007FELF but not really");
    chmodSync(path, 0o755);
    expect<unknown>(await here.learnFrom(path)).toEqual({
      ok: false,
      problem: matching(/: check that it runs\.$/),
    });
  });
});

test.each([
  ["2.1.248", [2, 1, 248], true],
  ["2.1.247", [2, 1, 248], false],
  ["2.1.1000", [2, 1, 248], true],
  ["2.2.0", [2, 1, 248], true],
  ["3.0.0", [2, 1, 248], true],
  ["2.0.999", [2, 1, 0], false],
  ["1.99.99", [2, 1, 0], false],
  ["10.0.0", [2, 1, 0], true],
  ["2.1", [2, 1, 0], true],
  ["2", [2, 1, 0], false],
  ["0.0.0", [0, 0, 0], true],
] as const)(
  "%s is at least %j: %p",
  (version: string, minimum: Version, is: boolean) => {
    expect(isAtLeast(version, minimum)).toBe(is);
  },
);
