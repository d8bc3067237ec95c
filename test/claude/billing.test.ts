// Who pays, told from the environment and the user's login; a wrong guess would be
// money.

import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { billingOf } from "../../src/claude/billing.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const credentials = JSON.stringify({ claudeAiOauth: { accessToken: "x" } });

const billed = (
  home: string,
  environment: Record<string, string>,
  apiKeySource?: string,
) => billingOf({ environment, home, apiKeySource });

test.each([
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",
])("%s beside a login is a conflict, and told by name", async (name) => {
  await using home = tempDir();
  mkdirSync(home.at(".claude"));
  writeFileSync(home.at(".claude/.credentials.json"), credentials);
  const billing = billed(home.path, { [name]: "1" }, "ANTHROPIC_API_KEY");
  expect(billing).toMatchObject({ source: name, is_conflict: true });
  expect(billing.note).toContain(`(${name}), not your subscription`);
});

test("a login is known by its token, its file, or the account on a Mac", async () => {
  await using home = tempDir();
  const key = { ANTHROPIC_API_KEY: "k" };
  const conflict = (more: Record<string, string> = {}) =>
    billed(home.path, { ...key, ...more }).is_conflict;
  expect(conflict()).toBe(false);
  expect(conflict({ CLAUDE_CODE_OAUTH_TOKEN: "t" })).toBe(true);
  mkdirSync(home.at("config"));
  writeFileSync(home.at("config/.credentials.json"), credentials);
  expect(conflict({ CLAUDE_CONFIG_DIR: home.at("config") })).toBe(true);
  writeFileSync(home.at(".claude.json"), JSON.stringify({ oauthAccount: {} }));
  expect(conflict()).toBe(true);
});

describe("without a key in the environment", () => {
  test("the login pays where there is one", async () => {
    await using home = tempDir();
    const environment = { CLAUDE_CODE_OAUTH_TOKEN: "t", ANTHROPIC_API_KEY: "" };
    expect(billed(home.path, environment, "none")).toEqual({
      source: "login",
      is_conflict: false,
      note: null,
    });
  });

  test("what Claude says of its key counts", async () => {
    await using home = tempDir();
    const { source } = billed(home.path, {}, "/login managed key");
    expect(source).toBe("/login managed key");
    expect(billed(home.path, {}).source).toBe("unknown");
  });

  test.each(["0", "false", ""])(
    "a provider that is %j is off",
    async (value) => {
      await using home = tempDir();
      const billing = billed(home.path, { CLAUDE_CODE_USE_BEDROCK: value });
      expect(billing.source).toBe("unknown");
    },
  );
});

test("files that are no JSON, or directories, are no login", async () => {
  await using home = tempDir();
  mkdirSync(home.at(".claude/.credentials.json"), { recursive: true });
  writeFileSync(home.at(".claude.json"), "{");
  const { is_conflict } = billed(home.path, { ANTHROPIC_API_KEY: "k" });
  expect(is_conflict).toBe(false);
});
