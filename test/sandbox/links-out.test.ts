import { afterAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placesBehindLinks } from "../../src/sandbox/links-out.ts";
import { findSecrets } from "../../src/sandbox/secrets.ts";
import { parseDenyPatterns } from "../../src/sandbox/deny-patterns.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-links-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (path: string) => join(root, path);
for (const path of ["project/src", "outside/deep", "home/.claude"]) {
  mkdirSync(at(path), { recursive: true });
}
writeFileSync(at("outside/a.txt"), "");
writeFileSync(at("project/own.txt"), "");

let serial = 0;
function behind(target: string, needed: readonly string[] = []) {
  const link = at(`project/src/link-${(serial += 1)}`);
  symlinkSync(target, link);
  return placesBehindLinks([link], {
    workingDirectory: at("project"),
    needed,
  });
}

describe("a link that leads out of the project", () => {
  test.each(["outside/a.txt", "outside", "outside/deep"])(
    "to %s: what it leads to is hidden",
    (path) => {
      expect(behind(at(path))).toEqual({ hidden: [at(path)], open: 0 });
    },
  );

  test("by another link: the last one counts", () => {
    symlinkSync(at("outside/deep"), at("outside/again"));
    expect(behind(at("outside/again")).hidden).toEqual([at("outside/deep")]);
  });

  test("to what something needed lies in: it stays open, and that is told", () => {
    const needed = [at("home/.claude")];
    expect(behind(at("home"), needed)).toEqual({ hidden: [], open: 1 });
    expect(behind(at("home/.claude"), needed).open).toBe(1);
    expect(behind(root).open).toBe(1);
    expect(behind("/").open).toBe(1);
  });

  test("to a neighbour whose name begins alike: it is hidden", () => {
    mkdirSync(at("project-2"));
    expect(behind(at("project-2")).hidden).toEqual([at("project-2")]);
  });
});

test.each([
  ["stays in the project", () => at("project/own.txt")],
  ["leads to the system", () => "/usr/bin/env"],
  ["leads nowhere", () => at("nothing")],
  ["leads to itself", () => at(`project/src/link-${serial + 1}`)],
])("a link that %s hides nothing", (_name, target) => {
  expect(behind(target())).toEqual({ hidden: [], open: 0 });
});

test.each([[[]], [["/nowhere/at/all"]]])(
  "the walk finds links where %j is denied",
  (denied) => {
    const project = mkdtempSync(at("walked-"));
    symlinkSync(at("outside"), join(project, "out"));
    const bounds = { maxEntries: 100, maxMs: 1000, nowMs: () => 0 };
    const patterns = parseDenyPatterns(denied, at("home"));
    expect(findSecrets(patterns, project, bounds)).toEqual({
      paths: [],
      links: [join(project, "out")],
      isComplete: true,
    });
  },
);

test("the walk finds links, follows none, and leaves secrets to their patterns", () => {
  const project = at("walked");
  mkdirSync(join(project, "below"), { recursive: true });
  symlinkSync(at("outside"), join(project, "below/out"));
  writeFileSync(at("outside/secret.key"), "");
  symlinkSync(at("outside/secret.key"), join(project, "mine.key"));
  const patterns = parseDenyPatterns(["*.key"], at("home"));
  const bounds = { maxEntries: 100, maxMs: 1000, nowMs: () => 0 };
  expect(findSecrets(patterns, project, bounds)).toEqual({
    paths: [at("outside/secret.key")],
    links: [join(project, "below/out")],
    isComplete: true,
  });
});
