// Reading all but some places, said by allowing everything beside the way to them.

import { expect, test } from "bun:test";
import { dirname } from "node:path";
import type { Rule } from "../../src/sandbox/policy.ts";
import { splitReading } from "../../src/sandbox/split.ts";

const tree: Readonly<Record<string, readonly string[]>> = {
  "/": ["etc", "home", "link->"],
  "/home": ["ann", "bob"],
  "/home/ann": [".ssh", ".local", "notes", "project", "shortcut->"],
  "/home/ann/.local": ["bin", "share", "state"],
  "/home/ann/.local/state": ["phone_opus", "other"],
  "/home/ann/project": [".env", "src", "packages"],
  "/home/ann/project/packages": ["a", "b"],
  "/home/ann/project/packages/a": [".env", "x", "y", "z"],
};
const list = (directory: string) =>
  (tree[directory] ?? []).map((entry) => ({
    name: entry.replace("->", ""),
    isLink: entry.endsWith("->"),
  }));
const split = (denied: readonly string[], maxRules = 100) =>
  splitReading({ denied, project: "/home/ann/project", list, maxRules });

/** As Landlock decides: a rule holds for all that is below it. */
function mayRead(rules: readonly Rule[], path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (rules.some((rule) => rule.path === at && rule.access === "read")) {
      return true;
    }
    if (at === "/") return false;
  }
}

test("with nothing denied there is one rule", () => {
  expect(split([]).rules).toEqual([{ path: "/", access: "read" }]);
});

test("what is denied cannot be read, all beside it can", () => {
  const { rules } = split(["/home/ann/.ssh", "/home/ann/project/.env"]);
  for (const path of [
    "/home/ann/.ssh",
    "/home/ann/.ssh/id_rsa",
    "/home/ann/project/.env",
  ]) {
    expect(mayRead(rules, path)).toBe(false);
  }
  for (const path of [
    "/etc/hosts",
    "/home/bob/x",
    "/home/ann/notes",
    "/home/ann/project/src/deep/file",
    "/home/ann/project/packages/a/.env",
  ]) {
    expect(mayRead(rules, path)).toBe(true);
  }
});

test("names may be seen everywhere", () => {
  expect(split(["/home/ann/.ssh"]).rules[0]).toEqual({
    path: "/",
    access: "list",
  });
});

test("a link gets no rule: what it leads to has its own", () => {
  const paths = split(["/home/ann/.ssh"]).rules.map(({ path }) => path);
  expect(paths).not.toContain("/link");
  expect(paths).not.toContain("/home/ann/shortcut");
});

test("a place inside a denied one changes nothing", () => {
  const { rules } = split(["/home/ann/project", "/home/ann/project/.env"]);
  expect(mayRead(rules, "/home/ann/project/src")).toBe(false);
});

test("the root itself can be denied", () => {
  expect(split(["/"]).rules).toEqual([]);
});

test("with too many rules the most crowded directory is given up, and told", () => {
  const denied = ["/home/ann/.ssh", "/home/ann/project/packages/a/.env"];
  const { rules, given_up } = split(denied, 9);
  expect(given_up).toEqual(["/home/ann/project/packages/a/.env"]);
  expect(rules.length).toBeLessThanOrEqual(9);
  expect(mayRead(rules, "/home/ann/.ssh/id_rsa")).toBe(false);
});

test("a crowded project costs its own secrets, not those that lie deeper elsewhere", () => {
  const state = "/home/ann/.local/state/phone_opus";
  const own = "/home/ann/project/.env";
  const { rules, given_up } = split(["/home/ann/.ssh", state, own], 8);
  expect(given_up).toEqual([own]);
  expect(mayRead(rules, `${state}/ledger.sqlite`)).toBe(false);
  expect(mayRead(rules, "/home/ann/.ssh/id_rsa")).toBe(false);
});

test("where the crowd is elsewhere, what is denied there is given up at last", () => {
  const denied = ["/home/ann/.ssh", "/home/ann/project/.env"];
  expect(split(denied, 3).given_up).toEqual([...denied].toReversed());
});
