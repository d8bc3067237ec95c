// What Claude inherits: the user's environment without ours and without a surrounding
// agent's, and the variables that keep git, memory and updates quiet.

import { describe, expect, test } from "bun:test";
import { consultIdSchema } from "../../src/base/ids.ts";
import { claudeEnvironment, runMarker } from "../../src/claude/command.ts";
import type { Environment } from "../../src/sys/settings.ts";

const id = consultIdSchema.parse(`c_${"0123456789abcdef".repeat(2)}`);
const environment = (inherited: Environment, retries = 4) =>
  claudeEnvironment(inherited, id, retries);

const added = {
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "core.fsmonitor",
  GIT_CONFIG_VALUE_0: "false",
  CONSULT_RUN_ID: id,
  CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: "1",
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  CLAUDE_CODE_MAX_RETRIES: "4",
  DISABLE_AUTOUPDATER: "1",
  GIT_OPTIONAL_LOCKS: "0",
};

describe("the environment of Claude", () => {
  test("is the user's and ours, whole", () => {
    const user = {
      PATH: "/bin",
      HOME: "/home/user",
      ANTHROPIC_API_KEY: "key",
      CLAUDE_CODE_OAUTH_TOKEN: "token",
      CLAUDE_CONFIG_DIR: "/config",
      HTTPS_PROXY: "http://proxy",
      EMPTY: "",
    };
    expect(environment({ ...user, ABSENT: undefined })).toEqual({
      ...user,
      ...added,
    });
  });

  test.each([
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_PROJECT_DIR",
    "AI_AGENT",
    "BUN_OPTIONS",
    "BUN_BE_BUN",
    "PHONE_OPUS_CLAUDE_BIN",
    "PHONE_OPUS_TIMEOUT_S",
    "PHONE_OPUS_FROM_THE_FUTURE",
  ])("has no %s", (name) => {
    expect(environment({ [name]: "1" })).toEqual(added);
  });

  test.each([
    "CLAUDE_CODE_MAX_RETRIES",
    "CONSULT_RUN_ID",
    "GIT_OPTIONAL_LOCKS",
  ])("has its own %s, whatever was there", (name) => {
    expect(environment({ [name]: "other" })).toEqual(added);
  });

  test("caps the retries as set", () => {
    expect(environment({}, 0)["CLAUDE_CODE_MAX_RETRIES"]).toBe("0");
  });

  test("keeps git's numbered settings and appends to them", () => {
    const git = {
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "user.name",
      GIT_CONFIG_VALUE_0: "Ann",
      GIT_CONFIG_KEY_1: "core.fsmonitor",
      GIT_CONFIG_VALUE_1: "/evil",
    };
    expect(environment(git)).toEqual({
      ...added,
      ...git,
      GIT_CONFIG_COUNT: "3",
      GIT_CONFIG_KEY_2: "core.fsmonitor",
      GIT_CONFIG_VALUE_2: "false",
    });
  });

  test.each(["", "0", "-1", "abc", "1.5"])(
    "starts git's settings anew where their count is %j",
    (count) => {
      expect(environment({ GIT_CONFIG_COUNT: count })).toEqual(added);
    },
  );

  test("bears the marker by which the run's processes are found", () => {
    expect(runMarker(id)).toBe(`CONSULT_RUN_ID=${id}`);
  });
});
