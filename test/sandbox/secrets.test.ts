// Finding what may not be read, on a real disk.

import { expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseDenyPatterns } from "../../src/sandbox/deny-patterns.ts";
import { findSecrets, type WalkBounds } from "../../src/sandbox/secrets.ts";

const generous: WalkBounds = {
  maxEntries: 10_000,
  maxMs: 60_000,
  nowMs: () => 0,
};

function openTree(files: readonly string[]) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-deny-")));
  const at = (path: string) => join(root, path);
  for (const file of files) {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), "");
  }
  mkdirSync(at("p"), { recursive: true });
  const find = (
    patterns: readonly string[] | undefined,
    bounds: Partial<WalkBounds> = {},
  ) => {
    const { paths, isComplete } = findSecrets(
      parseDenyPatterns(patterns, at("home")),
      at("p"),
      { ...generous, ...bounds },
    );
    return {
      isComplete,
      paths: paths.map((path) => path.slice(root.length + 1)),
    };
  };
  return {
    at,
    find,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

test("names below the working directory and places that exist", () => {
  using tree = openTree([
    "p/.env",
    "p/.env.example",
    "p/a/b/server.pem",
    "p/a/code.ts",
    "home/.ssh/id_rsa",
    "elsewhere/.env",
  ]);
  expect(tree.find(undefined)).toEqual({
    isComplete: true,
    paths: ["home/.ssh", "p/.env", "p/a/b/server.pem"],
  });
});

test("a link stands for what it leads to", () => {
  using tree = openTree(["vault/real", "p/code.ts"]);
  symlinkSync(tree.at("vault/real"), tree.at("p/.env"));
  symlinkSync(tree.at("nowhere"), tree.at("p/id_rsa"));
  symlinkSync(tree.at("p"), tree.at("p/loop"));
  expect(tree.find(undefined).paths).toEqual(["vault/real"]);
});

test("what others wrote is not looked through", () => {
  using tree = openTree([
    "p/node_modules/x/.env",
    "p/.git/key.pem",
    "p/x/.env",
  ]);
  expect(tree.find(undefined).paths).toEqual(["p/x/.env"]);
});

test("a directory that is denied is denied whole", () => {
  using tree = openTree(["p/private/a/.env", "p/private/b"]);
  expect(tree.find(["private", ".env"]).paths).toEqual(["p/private"]);
});

test("places may be named by globs, and excepted", () => {
  using tree = openTree(["vault/a.txt", "vault/b.txt", "vault/c.md"]);
  const vault = tree.at("vault");
  expect(tree.find([`${vault}/*.txt`, `!${vault}/b.txt`]).paths).toEqual([
    "vault/a.txt",
  ]);
});

test("too many entries or too long a time cut the walk, and it says so", () => {
  const files = Array.from({ length: 50 }, (_, index) => `p/${index}/.env`);
  using tree = openTree([...files, "p/.env"]);
  const few = tree.find([".env"], { maxEntries: 60 });
  expect(few.isComplete).toBe(false);
  // The nearest come first.
  expect(few.paths).toContain("p/.env");
  let now = 0;
  const late = tree.find([".env"], { maxMs: 5, nowMs: () => (now += 1) });
  expect(late.isComplete).toBe(false);
  expect(tree.find([".env"]).paths.length).toBe(51);
});

test("a directory whose name is no text is not looked into, and it says so", () => {
  using tree = openTree(["p/.env"]);
  const name = Buffer.from([0xe9]);
  mkdirSync(Buffer.concat([Buffer.from(tree.at("p/")), name]));
  expect(tree.find([".env"])).toEqual({ isComplete: false, paths: ["p/.env"] });
});

test("what cannot be looked into hinders nothing", () => {
  using tree = openTree(["p/shut/.env", "p/.env"]);
  chmodSync(tree.at("p/shut"), 0);
  expect(tree.find([".env"]).paths).toContain("p/.env");
  chmodSync(tree.at("p/shut"), 0o700);
  rmSync(tree.at("p"), { recursive: true });
  expect(tree.find([".env"])).toEqual({ isComplete: true, paths: [] });
});
