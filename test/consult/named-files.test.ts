// Files that a question points to: there, inside, and named from the directory.

import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { checkFiles } from "../../src/consult/named-files.ts";
import { parseConsultRequest } from "../../src/consult/request.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { anywhere } from "./anywhere.ts";

function project() {
  const dir = tempDir();
  mkdirSync(dir.at("project/src"), { recursive: true });
  writeFileSync(dir.at("project/src/a.ts"), "a");
  writeFileSync(dir.at("secret"), "s");
  symlinkSync(dir.at("secret"), dir.at("project/leak"));
  symlinkSync(dir.at("project/src"), dir.at("project/link"));
  return {
    at: (name: string) => dir.at(name),
    root: dir.at("project"),
    check: (...names: string[]) => checkFiles(names, dir.at("project")),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("a named file", () => {
  test("may be relative or absolute, a directory, and behind a link inside", async () => {
    await using here = project();
    expect(
      await here.check("src/a.ts", here.at("project/src"), "link/a.ts", "./"),
    ).toEqual({ ok: true, files: ["src/a.ts", "src", "link/a.ts", "./"] });
  });

  test.each([
    ["../secret", "lies outside"],
    ["leak", "lies outside"],
    ["/etc/passwd", "lies outside"],
    ["src/b.ts", "does not exist"],
    ["src/a.ts/deeper", "cannot be used (ENOTDIR)"],
    ["a\nb", "holds a control character"],
  ])("%j is refused by name: it %s", async (name, why) => {
    await using here = project();
    const checked = await here.check("src/a.ts", name);
    expect(checked).toMatchObject({ ok: false });
    if (checked.ok) return;
    expect(checked.problem).toStartWith(
      `files names ${JSON.stringify(name)}, which ${why}`,
    );
  });
});

test("a request carries them as they are named from its directory", async () => {
  await using here = project();
  const question = {
    prompt: "Why?",
    cwd: here.root,
    files: ["./src/../src/a.ts"],
  };
  expect(await parseConsultRequest(question, anywhere("/"))).toEqual({
    ok: true,
    request: { ...question, files: ["src/a.ts"] },
  });
  const { files: _, ...without } = question;
  expect(
    await parseConsultRequest({ ...question, files: [] }, anywhere("/")),
  ).toEqual({ ok: true, request: without });
  expect(
    await parseConsultRequest({ ...question, files: ["leak"] }, anywhere("/")),
  ).toMatchObject({ ok: false });
});
