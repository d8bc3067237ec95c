// What Claude inherits: the user's environment without ours, without a surrounding
// agent's, and without what would make a harmless command another one.

import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { consultIdSchema } from "../../src/base/ids.ts";
import { runMarker } from "../../src/claude/command.ts";
import {
  claudeEnvironment,
  cleanEnvironment,
  inheritedEnvironment,
  type Surroundings,
} from "../../src/claude/environment.ts";
import type { GitGuard } from "../../src/claude/git-guard.ts";
import type { Environment } from "../../src/sys/settings.ts";
import { temporaryDirectory } from "./consulting.ts";

const consultId = consultIdSchema.parse(`c_${"0123456789abcdef".repeat(2)}`);

const inheriting = (
  environment: Environment,
  settings: Partial<Surroundings["settings"]> = {},
  cwd = "/home/ann/project",
) =>
  inheritedEnvironment(
    {
      environment,
      home: "/home/ann",
      settings: { keptVariables: [], forcesSubscription: false, ...settings },
    },
    cwd,
  );

describe("inherited", () => {
  const user = {
    PATH: "/usr/bin:/bin",
    HOME: "/home/ann",
    SHELL: "/bin/zsh",
    LC_ALL: "C.UTF-8",
    TMPDIR: "/tmp",
    ANTHROPIC_API_KEY: "key",
    ANTHROPIC_BASE_URL: "https://gateway",
    ANTHROPIC_MODEL: "opus",
    CLAUDE_CODE_OAUTH_TOKEN: "token",
    CLAUDE_CONFIG_DIR: "/config",
    CLAUDE_CODE_USE_BEDROCK: "1",
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: "1",
    CLAUDE_CODE_CLIENT_CERT: "/cert",
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: "9",
    AWS_PROFILE: "dev",
    GOOGLE_APPLICATION_CREDENTIALS: "/g",
    HTTPS_PROXY: "http://proxy",
    NODE_EXTRA_CA_CERTS: "/ca",
    SSL_CERT_FILE: "/ca",
    LD_PRELOAD: "/usr/lib/libproxychains.so",
    GIT_CONFIG_GLOBAL: "/home/ann/gitconfig",
    GIT_SSL_CAINFO: "/ca",
    EMPTY: "",
  };

  test("is what the user logs in, connects and works with", () => {
    expect(inheriting({ ...user, ABSENT: undefined })).toEqual(user);
  });

  test.each([
    // Ours.
    "PHONE_OPUS_CLAUDE_BIN",
    "PHONE_OPUS_FROM_THE_FUTURE",
    "BUN_OPTIONS",
    "BUN_BE_BUN",
    "BUN_INSPECT",
    // A surrounding session's, known today or not.
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR",
    "CLAUDE_CODE_FROM_THE_FUTURE",
    "CLAUDE_PROJECT_DIR",
    "CLAUDE_PID",
    "CLAUDE_EFFORT",
    "CLAUDE_BG_BACKEND",
    "AI_AGENT",
    "TRACEPARENT",
    // What the shell takes in first, or puts around a command.
    "BASH_ENV",
    "ENV",
    "CLAUDE_ENV_FILE",
    "CLAUDE_CODE_SHELL_PREFIX",
    "CLAUDE_CODE_PLUGIN_DIRS",
    "BASH_FUNC_git%%",
    "SHELLOPTS",
    "PROMPT_COMMAND",
    "PS4",
    // What programs start.
    "RIPGREP_CONFIG_PATH",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "NODE_OPTIONS",
    "NODE_CHANNEL_FD",
    // Another repository, another git, a file to write to.
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_CONFIG_PARAMETERS",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "GIT_TRACE",
    "GIT_TRACE2_EVENT",
    "GIT_PAGER",
  ])("has no %s", (name) => {
    expect(cleanEnvironment({ [name]: "1", HOME: "/h" })).toEqual({
      HOME: "/h",
    });
  });

  test("has what the user named as an exception", () => {
    const inherited = { CLAUDE_CODE_NEW: "1", NODE_OPTIONS: "--x", ENV: "/e" };
    const keptVariables = ["CLAUDE_CODE_NEW", "NODE_OPTIONS"];
    expect(inheriting(inherited, { keptVariables })).toEqual({
      CLAUDE_CODE_NEW: "1",
      NODE_OPTIONS: "--x",
    });
  });

  test.each([
    [
      "/home/ann/project",
      "/home/ann/project/node_modules/.bin:/home/ann/bin:.::bin:/usr/bin",
      "/home/ann/bin:/usr/bin",
    ],
    [
      "/home/ann/project",
      "/home/ann/project-tools:/bin",
      "/home/ann/project-tools:/bin",
    ],
    ["/home/ann", "/home/ann/bin:/bin", "/home/ann/bin:/bin"],
    ["/", "/usr/bin:/bin", "/usr/bin:/bin"],
  ])("in %s has no programs of the project in its PATH", (cwd, path, left) => {
    expect(inheriting({ PATH: path }, {}, cwd)).toEqual({ PATH: left });
  });

  test("has no shell of the project", () => {
    const shell = "/home/ann/project/bash";
    const inherited = { SHELL: shell, CLAUDE_CODE_SHELL: "bash" };
    expect(inheriting(inherited)).toEqual({});
  });

  test("has no programs of the project, by whatever name", () => {
    using directory = temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    mkdirSync(at("project/bin"), { recursive: true });
    symlinkSync("project", at("alias"));
    symlinkSync("project/bin", at("tools"));
    const entries = ["alias/bin", "tools", "project/../project/bin"].map(at);
    const PATH = [...entries, "/usr/bin"].join(":");
    const SHELL = at("alias/bin");
    expect(inheriting({ PATH, SHELL }, {}, at("project"))).toEqual({
      PATH: "/usr/bin",
    });
  });

  test("loses what would pay when the subscription is to", () => {
    const left = inheriting(
      {
        ANTHROPIC_API_KEY: "k",
        ANTHROPIC_AUTH_TOKEN: "t",
        CLAUDE_CODE_USE_VERTEX: "1",
        CLAUDE_CODE_OAUTH_TOKEN: "token",
        ANTHROPIC_BASE_URL: "u",
      },
      { forcesSubscription: true },
    );
    expect(left).toEqual({
      CLAUDE_CODE_OAUTH_TOKEN: "token",
      ANTHROPIC_BASE_URL: "u",
    });
  });
});

describe("the environment of a run", () => {
  const run = (
    inherited: Readonly<Record<string, string>> = {},
    git: GitGuard = { kind: "absent" },
    allowsMentions = true,
  ) =>
    claudeEnvironment(inherited, {
      consultId,
      maxRetries: 4,
      git,
      allowsMentions,
    });

  test("has ours over the user's", () => {
    const inherited = {
      HOME: "/h",
      CONSULT_RUN_ID: "other",
      GIT_OPTIONAL_LOCKS: "1",
      CLAUDE_CODE_MAX_RETRIES: "99",
    };
    expect(run(inherited)).toMatchObject({
      HOME: "/h",
      CONSULT_RUN_ID: consultId,
      CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: "1",
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_MAX_RETRIES: "4",
      DISABLE_AUTOUPDATER: "1",
      ENABLE_CLAUDEAI_MCP_SERVERS: "false",
      PAGER: "cat",
      GIT_PAGER: "cat",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_ALLOW_PROTOCOL: "none",
      GIT_DIR: "/dev/null",
    });
  });

  test("attaches no mentioned files where they are not confined", () => {
    const name = "CLAUDE_CODE_DISABLE_FILE_MENTIONS";
    expect(run()[name]).toBeUndefined();
    expect(run({}, { kind: "absent" }, false)[name]).toBe("1");
  });

  test("pins git to the repository that was looked at", () => {
    const place = { gitDirectory: "/p/.git", workTree: "/p" };
    const overrides = [["filter.x.clean", ""] as const];
    const environment = run({}, { kind: "guarded", overrides, ...place });
    expect(environment).toMatchObject({
      GIT_DIR: "/p/.git",
      GIT_WORK_TREE: "/p",
    });
    const last = Number(environment["GIT_CONFIG_COUNT"]) - 1;
    expect(environment[`GIT_CONFIG_KEY_${last}`]).toBe("filter.x.clean");
    expect(environment[`GIT_CONFIG_VALUE_${last}`]).toBe("");
  });

  test("keeps git's numbered settings and appends to them", () => {
    const git = {
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "user.name",
      GIT_CONFIG_VALUE_0: "Ann",
      GIT_CONFIG_KEY_1: "core.fsmonitor",
      GIT_CONFIG_VALUE_1: "/evil",
    };
    expect(run(git)).toMatchObject({
      ...git,
      GIT_CONFIG_COUNT: "11",
      GIT_CONFIG_KEY_2: "core.fsmonitor",
      GIT_CONFIG_VALUE_2: "false",
    });
  });

  test.each(["", "0", "-1", "abc", "1.5"])(
    "starts git's settings anew where their count is %j",
    (count) => {
      expect(run({ GIT_CONFIG_COUNT: count })).toMatchObject({
        GIT_CONFIG_COUNT: "9",
        GIT_CONFIG_KEY_0: "core.fsmonitor",
      });
    },
  );

  test("bears the marker by which the run's processes are found", () => {
    expect(runMarker(consultId)).toBe(`CONSULT_RUN_ID=${consultId}`);
  });
});
