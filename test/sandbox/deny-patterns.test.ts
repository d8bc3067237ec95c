// What the patterns of PHONE_OPUS_DENY_READ mean.

import { describe, expect, test } from "bun:test";
import { claudeRules } from "../../src/sandbox/claude-rules.ts";
import {
  nameMatcher,
  parseDenyPatterns,
  plainNames,
} from "../../src/sandbox/deny-patterns.ts";

const home = "/home/ann";
const matches = (written: readonly string[] | undefined, path: string) =>
  nameMatcher(parseDenyPatterns(written, home))(path);

describe("by default", () => {
  test.each([
    ".env",
    "packages/api/.env",
    ".env.local",
    ".env.production",
    "certs/server.key",
    "certs/server.pem",
    "id_rsa",
    "deploy/id_ed25519",
    "a.p12",
  ])("%s is denied", (path) => {
    expect(matches(undefined, path)).toBe(true);
  });

  test.each([
    ".env.example",
    "packages/api/.env.sample",
    ".env.template",
    "id_rsa.pub",
    "src/key.ts",
    "environment.ts",
    "src/.environment",
    "README.md",
  ])("%s is not", (path) => {
    expect(matches(undefined, path)).toBe(false);
  });

  test("the places of keys and logins in the home directory are", () => {
    const { places } = parseDenyPatterns(undefined, home);
    for (const name of [".ssh", ".gnupg", ".aws", ".netrc", ".kube"]) {
      expect(places).toContain(`${home}/${name}`);
    }
  });
});

describe("as written", () => {
  test.each([
    ["a name, anywhere", ["secret.txt"], "a/b/secret.txt", true],
    ["a name is the whole name", ["secret"], "a/secret.txt", false],
    ["a path, from the working directory", ["a/*.txt"], "a/x.txt", true],
    ["a path, nowhere else", ["a/*.txt"], "b/a/x.txt", false],
    ["a path at any depth", ["**/a/*.txt"], "b/a/x.txt", true],
    ["a directory", ["private/"], "x/private", true],
    ["braces", ["*.{key,crt}"], "x.crt", true],
    ["an exception", ["*.key", "!public.key"], "a/public.key", false],
    ["an exception's neighbour", ["*.key", "!public.key"], "a/b.key", true],
    ["the default ones are left out", ["x"], ".env", false],
    ["the default ones are kept by name", ["default", "x"], ".env", true],
    ["nothing", [], ".env", false],
  ])("%s", (_name, written, path, expected) => {
    expect(matches(written, path)).toBe(expected);
  });

  test("places are absolute, with the home directory put in", () => {
    const patterns = parseDenyPatterns(
      ["~/x/", "/srv/keys", "!~/x/open", "~"],
      home,
    );
    expect(patterns.places).toEqual([`${home}/x`, "/srv/keys", home]);
    expect(patterns.exceptPlaces).toEqual([`${home}/x/open`]);
  });
});

describe("for Claude's own permissions", () => {
  test("places are absolute there, and names hold anywhere", () => {
    const patterns = parseDenyPatterns(["~/.ssh", "*.pem"], home);
    expect(claudeRules(patterns, ["/p/a.pem"])).toEqual([
      "Read(**/*.pem)",
      `Read(/${home}/.ssh)`,
      `Read(/${home}/.ssh/**)`,
      "Read(//p/a.pem)",
      "Read(//p/a.pem/**)",
    ]);
  });

  test("a path that was found is told as it stands, a pattern as it is", () => {
    const patterns = parseDenyPatterns(["/srv/*/keys"], home);
    expect(claudeRules(patterns, ["/p/[id]/.env.a?"])).toEqual([
      "Read(//srv/*/keys)",
      "Read(//srv/*/keys/**)",
      String.raw`Read(//p/\[id\]/.env.a\?)`,
      String.raw`Read(//p/\[id\]/.env.a\?/**)`,
    ]);
  });

  test("a name that has exceptions is told by what was found", () => {
    const patterns = parseDenyPatterns(
      [".env", ".env.*", "!.env.example"],
      home,
    );
    expect(plainNames(patterns)).toEqual([".env"]);
    const rules = claudeRules(patterns, ["/p/.env.local"]);
    expect(rules).toContain("Read(//p/.env.local)");
    expect(rules).not.toContain("Read(**/.env.*)");
  });

  test("they stay within what one argument holds", () => {
    const found = Array.from({ length: 5000 }, (_, index) => `/p/${index}.pem`);
    const rules = claudeRules(parseDenyPatterns(["*.pem"], home), found);
    expect(rules[0]).toBe("Read(**/*.pem)");
    expect(JSON.stringify(rules).length).toBeLessThan(50_000);
  });
});
