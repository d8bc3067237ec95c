// Where Claude Code is looked for, in which order, and what counts as found.

import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { findClaude } from "../../src/claude/find.ts";
import { temporaryDirectory } from "./consulting.ts";

function world() {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  return {
    at,
    /** An executable file, or one that is not. */
    file: (name: string, mode = 0o755) => {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), "");
      chmodSync(at(name), mode);
      return at(name);
    },
    find: (given: { configured?: string; path?: string } = {}) =>
      findClaude({
        configured: given.configured,
        environment: given.path === undefined ? {} : { PATH: given.path },
        home: at("home"),
      }),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

const notIt = (configured: string) => ({
  ok: false as const,
  problem: `PHONE_OPUS_CLAUDE_BIN is ${JSON.stringify(configured)}, which is no executable file: correct it or remove it.`,
});

describe("a configured binary", () => {
  test("is taken by its absolute path, with claude on PATH or not", () => {
    using here = world();
    const configured = here.file("my claude");
    here.file("bin/claude");
    expect(here.find({ configured, path: here.at("bin") })).toEqual({
      ok: true,
      path: configured,
    });
  });

  test("is taken by a relative path, from the working directory", () => {
    using here = world();
    const path = here.file("tools/claude");
    const configured = relative(process.cwd(), path);
    expect(here.find({ configured })).toEqual({ ok: true, path });
  });

  test("is looked up on PATH by a bare name", () => {
    using here = world();
    const path = here.file("bin/my-claude");
    expect(
      here.find({ configured: "my-claude", path: here.at("bin") }),
    ).toEqual({ ok: true, path });
    expect(here.find({ configured: "my-claude" })).toEqual(notIt("my-claude"));
  });

  test("that is missing, a directory or not executable is an error, not a reason to look elsewhere", () => {
    using here = world();
    here.file("bin/claude");
    const path = here.at("bin");
    const missing = here.at("missing");
    const plain = here.file("plain", 0o644);
    for (const configured of [missing, plain, path, "claude-9"]) {
      expect(here.find({ configured, path })).toEqual(notIt(configured));
    }
  });
});

describe("claude on PATH", () => {
  test("is the first that is an executable file", () => {
    using here = world();
    here.file("plain/claude", 0o644);
    mkdirSync(here.at("directory/claude"), { recursive: true });
    const path = here.file("good/claude");
    here.file("later/claude");
    const names = ["missing", "plain", "directory", "good", "later"];
    expect(here.find({ path: names.map(here.at).join(":") })).toEqual({
      ok: true,
      path,
    });
  });

  test("may be a symlink and keeps the link's path", () => {
    using here = world();
    const real = here.file("versions/2.1.329");
    mkdirSync(here.at("bin"));
    symlinkSync(real, here.at("bin/claude"));
    expect(here.find({ path: here.at("bin") })).toEqual({
      ok: true,
      path: here.at("bin/claude"),
    });
  });

  test("is never taken from a relative or empty entry: that is the project's own", () => {
    using here = world();
    const local = here.file("project/claude");
    const home = here.file("home/.local/bin/claude");
    const entry = relative(process.cwd(), dirname(local));
    for (const path of [entry, `${entry}:`, ":.", ""]) {
      expect(here.find({ path })).toEqual({ ok: true, path: home });
    }
  });

  test("comes before the install places", () => {
    using here = world();
    here.file("home/.local/bin/claude");
    const path = here.file("bin/claude");
    expect(here.find({ path: here.at("bin") })).toEqual({ ok: true, path });
  });
});

describe("the install places", () => {
  test("are looked at in their order, where PATH has nothing", () => {
    using here = world();
    const places = [
      ".bun/bin/claude",
      ".npm-global/bin/claude",
      ".claude/local/claude",
      ".local/bin/claude",
    ];
    for (const place of places) {
      const path = here.file(join("home", place));
      expect(here.find({ path: here.at("bin") })).toEqual({ ok: true, path });
    }
  });
});
