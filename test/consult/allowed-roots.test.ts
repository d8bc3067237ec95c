// PHONE_OPUS_ALLOWED_ROOTS: where a consult may happen, with symlinks resolved first.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConsultRequest } from "../../src/consult/request.ts";

let home = "";
let root = "";

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-roots-")));
  root = join(home, "root");
  mkdirSync(join(root, "inside/deep"), { recursive: true });
  mkdirSync(join(home, "root-sibling"));
  mkdirSync(join(home, "outside"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const ask = (cwd: string | undefined, allowedRoots: readonly string[]) =>
  parseConsultRequest(
    { prompt: "Why?", ...(cwd === undefined ? {} : { cwd }) },
    { baseDirectory: root, allowedRoots },
  );

async function expectDenied(cwd: string, roots: readonly string[]) {
  const parsed = await ask(cwd, roots);
  if (parsed.ok) throw new Error(`allowed: ${parsed.request.cwd}`);
  expect(parsed.problem).toContain("lies outside the allowed roots");
  return parsed.problem;
}

test("the root itself and what is below are allowed", async () => {
  for (const cwd of [undefined, ".", root, `${root}/`, "inside/deep"]) {
    expect((await ask(cwd, [root])).ok).toBe(true);
  }
});

test("a root may end in a slash, and be the root of all", async () => {
  expect((await ask("inside", [`${root}/`])).ok).toBe(true);
  expect((await ask(join(home, "outside"), ["/"])).ok).toBe(true);
  expect((await ask("/", ["/"])).ok).toBe(true);
});

test("above and beside are denied, also with the same beginning", async () => {
  for (const cwd of ["..", "../outside", "../root-sibling", "/"]) {
    await expectDenied(cwd, [root]);
  }
});

test("a symlink that leads out is denied, named as where it leads", async () => {
  symlinkSync(join(home, "outside"), join(root, "way-out"));
  const problem = await expectDenied("way-out", [root]);
  expect(problem).toContain(`cwd ${join(home, "outside")} lies outside`);
});

test("a symlink that leads in, and a root that is one, are allowed", async () => {
  symlinkSync(root, join(home, "way-in"));
  expect((await ask(join(home, "way-in/inside"), [root])).ok).toBe(true);
  expect((await ask(root, [join(home, "way-in")])).ok).toBe(true);
});

test("dots behind a symlink are no way out", async () => {
  symlinkSync(join(home, "outside"), join(root, "way-out"));
  // As text it is the root, for the system the parent of where the link leads.
  const parsed = await ask(`${root}/way-out/..`, [root]);
  if (parsed.ok) expect(parsed.request.cwd).toBe(root);
});

test("a root that is missing, and no root at all, allow nothing", async () => {
  await expectDenied(root, [join(home, "missing")]);
  await expectDenied(root, []);
});

test("a missing root takes nothing from the others", async () => {
  expect((await ask(root, [join(home, "missing"), root])).ok).toBe(true);
});

test("the denial names the list and the variable", async () => {
  const roots = [root, join(home, "missing")];
  const problem = await expectDenied(join(home, "outside"), roots);
  expect(problem).toBe(
    `cwd ${join(home, "outside")} lies outside the allowed roots (${roots.join(", ")}): name a directory inside, or change PHONE_OPUS_ALLOWED_ROOTS.`,
  );
});
