// A question checked against the world: prompt, directory, and what needs what.

import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import {
  consultRequestSchema,
  maxPromptBytes,
  parseConsultRequest,
} from "../../src/consult/request.ts";
import { anywhere } from "./anywhere.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { runWithoutRoot } from "../helpers/without-root.ts";

const prompt = "Why?";

const problem = (text: string) => ({ ok: false, problem: text }) as const;
const blank = problem("prompt must not be blank: write the question into it.");

test("a prompt alone is asked in the base directory", async () => {
  await using dir = tempDir();
  expect(await parseConsultRequest({ prompt }, anywhere(dir.path))).toEqual({
    ok: true,
    request: { prompt, cwd: dir.path },
  });
});

test("everything else is passed on as it is", async () => {
  await using dir = tempDir();
  const question = {
    prompt,
    max_turns: 3,
    model: "opus",
    effort: "high" as const,
    resume: "0198c0de-0000-7000-8000-00000000cafe",
    fork: true,
    timeout_s: 60,
    max_budget_usd: 1.5,
  };
  const parsed = await parseConsultRequest(question, anywhere(dir.path));
  expect(parsed).toEqual({ ok: true, request: { ...question, cwd: dir.path } });
  if (!parsed.ok) return;
  const copy: unknown = JSON.parse(JSON.stringify(parsed.request));
  expect(consultRequestSchema.parse(copy)).toEqual(parsed.request);
});

describe("a prompt", () => {
  test.each([[""], [" "], ["\n\t\r\n"], ["\u00a0\u2003\u2028\ufeff"]])(
    "that is blank is refused: %j",
    async (text) => {
      expect(
        await parseConsultRequest({ prompt: text }, anywhere("/")),
      ).toEqual(blank);
    },
  );

  test.each([
    ["--help"],
    ["-p"],
    ["/compact"],
    ["a\u0000b"],
    ["  x  \n"],
    ["."],
  ])("of any other kind is kept as it is: %j", async (text) => {
    expect(await parseConsultRequest({ prompt: text }, anywhere("/"))).toEqual({
      ok: true,
      request: { prompt: text, cwd: "/" },
    });
  });

  test("may have as many bytes as Claude Code takes, and not one more", async () => {
    const most = "é".repeat(maxPromptBytes / 2);
    expect(
      (await parseConsultRequest({ prompt: most }, anywhere("/"))).ok,
    ).toBe(true);
    expect(
      await parseConsultRequest({ prompt: `${most}!` }, anywhere("/")),
    ).toEqual(
      problem(
        "prompt is 10000001 bytes long, 10000000 is the most that Claude Code takes: name files for it to read instead of pasting them.",
      ),
    );
  });
});

describe("fork", () => {
  test("needs something to fork", async () => {
    const refused = problem(
      "fork needs resume: name the consult or session to fork.",
    );
    expect(
      await parseConsultRequest({ prompt, fork: true }, anywhere("/")),
    ).toEqual(refused);
  });

  test("that is not wanted needs nothing", async () => {
    expect(
      await parseConsultRequest({ prompt, fork: false }, anywhere("/")),
    ).toEqual({
      ok: true,
      request: { prompt, fork: false, cwd: "/" },
    });
  });
});

describe("cwd", () => {
  test("starts at the base directory when it is relative", async () => {
    await using dir = tempDir();
    mkdirSync(dir.at("a", "b"), { recursive: true });
    const cwdOf = async (cwd: string) => {
      const parsed = await parseConsultRequest(
        { prompt, cwd },
        anywhere(dir.at("a")),
      );
      return parsed.ok ? parsed.request.cwd : parsed.problem;
    };
    expect([
      await cwdOf("b"),
      await cwdOf("./b/"),
      await cwdOf("."),
      await cwdOf(".."),
      await cwdOf(dir.at("a", "b", "..", "b")),
    ]).toEqual([
      dir.at("a", "b"),
      dir.at("a", "b"),
      dir.at("a"),
      dir.path,
      dir.at("a", "b"),
    ]);
  });

  test("is the real place behind symlinks", async () => {
    await using dir = tempDir();
    mkdirSync(dir.at("real", "inner"), { recursive: true });
    symlinkSync(dir.at("real"), dir.at("link"));
    expect(
      await parseConsultRequest(
        { prompt, cwd: "link/inner" },
        anywhere(dir.path),
      ),
    ).toEqual({ ok: true, request: { prompt, cwd: dir.at("real", "inner") } });
  });

  test("that is missing is refused by its whole name", async () => {
    await using dir = tempDir();
    symlinkSync(dir.at("gone"), dir.at("dangling"));
    for (const cwd of ["gone", "dangling"]) {
      expect(
        await parseConsultRequest({ prompt, cwd }, anywhere(dir.path)),
      ).toEqual(
        problem(
          `cwd ${dir.at(cwd)} does not exist: name a directory that does.`,
        ),
      );
    }
  });

  test("that is a file is refused", async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("file"), "x");
    expect(
      await parseConsultRequest({ prompt, cwd: "file" }, anywhere(dir.path)),
    ).toEqual(
      problem(`cwd ${dir.at("file")} is not a directory: name one that is.`),
    );
  });

  test("that leads nowhere is refused with the reason of the system", async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("file"), "x");
    symlinkSync(dir.at("loop"), dir.at("loop"));
    const long = "n".repeat(300);
    const unusable = (path: string, code: string) =>
      problem(`cwd ${path} cannot be used (${code}): name another directory.`);
    const parse = (cwd: string) =>
      parseConsultRequest({ prompt, cwd }, anywhere(dir.path));
    expect(await parse("file/inner")).toEqual(
      unusable(dir.at("file", "inner"), "ENOTDIR"),
    );
    expect(await parse("loop")).toEqual(unusable(dir.at("loop"), "ELOOP"));
    expect(await parse(long)).toEqual(unusable(dir.at(long), "ENAMETOOLONG"));
  });

  test("with a NUL in it is refused, not a crash", async () => {
    await using dir = tempDir();
    const parsed = await parseConsultRequest(
      { prompt, cwd: "a\0b" },
      anywhere(dir.path),
    );
    expect(parsed.ok).toBe(false);
  });

  test.each([["behind a closed directory"], ["that is itself closed"]])(
    "%s is refused, since Claude could not work in it",
    async (which) => {
      await using dir = tempDir();
      chmodSync(dir.path, 0o755);
      mkdirSync(dir.at("closed", "inner"), { recursive: true });
      chmodSync(dir.at("closed"), 0o000);
      const cwd = which.startsWith("behind")
        ? dir.at("closed", "inner")
        : dir.at("closed");
      const fixture = `${import.meta.dir}/parses-request-fixture.ts`;
      expect(await runWithoutRoot(fixture, [cwd])).toEqual(
        problem(`cwd ${cwd} cannot be used (EACCES): name another directory.`),
      );
    },
  );
});
