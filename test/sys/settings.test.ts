// The environment variables of phone-opus: defaults, bounds, and errors that name
// the variable and say what to do about it.

import { describe, expect, test } from "bun:test";
import { parseSettings, type Settings } from "../../src/sys/settings.ts";

const defaults: Settings = {
  claudeBinary: undefined,
  timeoutMs: 1_800_000,
  idleTimeoutMs: 600_000,
  stopGraceMs: 2_000,
  orphanGraceMs: 120_000,
  waitMs: undefined,
  keepsHistory: true,
  historyMs: 2_592_000_000,
  historyBytes: 1_073_741_824,
  maxRunning: 8,
  maxQueued: 64,
  restarts: 5,
  restartPeriodMs: 300_000,
  breakerFailures: 5,
  breakerMs: 30_000,
  allowedRoots: undefined,
  rollsOut: true,
  rolloutStillMs: 500,
  rolloutProveMs: 10_000,
  sandbox: "auto",
  denyRead: undefined,
  claudeMaxRetries: 4,
  web: true,
  failsOnTreeChange: true,
  forcesSubscription: false,
  keptVariables: [],
  maxLineBytes: 33_554_432,
  maxOutputBytes: 536_870_912,
};

const good = (environment: Record<string, string>) => {
  const parsed = parseSettings(environment);
  return parsed.ok ? parsed.settings : parsed.problem;
};

test("without any variable every setting has its default", () => {
  expect(parseSettings({})).toEqual({ ok: true, settings: defaults });
});

test("variables of others are nobody's business", () => {
  expect(
    good({ PATH: "/bin", TIMEOUT_S: "x", PHONE_OPUS_UNHEARD_OF: "x" }),
  ).toEqual(defaults);
});

const variables = [
  ["PHONE_OPUS_ROLLOUT", "off", { rollsOut: false }],
  ["PHONE_OPUS_ROLLOUT_STILL_S", "0.1", { rolloutStillMs: 100 }],
  ["PHONE_OPUS_ROLLOUT_PROVE_S", "3", { rolloutProveMs: 3000 }],
  ["PHONE_OPUS_CLAUDE_BIN", "/opt/claude", { claudeBinary: "/opt/claude" }],
  ["PHONE_OPUS_TIMEOUT_S", "90", { timeoutMs: 90_000 }],
  ["PHONE_OPUS_TIMEOUT_S", "0.25", { timeoutMs: 250 }],
  ["PHONE_OPUS_TIMEOUT_S", "2000000", { timeoutMs: 2_000_000_000 }],
  ["PHONE_OPUS_IDLE_TIMEOUT_S", "1", { idleTimeoutMs: 1_000 }],
  ["PHONE_OPUS_STOP_GRACE_S", "0.5", { stopGraceMs: 500 }],
  ["PHONE_OPUS_ORPHAN_GRACE_S", "0.1", { orphanGraceMs: 100 }],
  ["PHONE_OPUS_WAIT_S", "270", { waitMs: 270_000 }],
  ["PHONE_OPUS_WEB", "off", { web: false }],
  ["PHONE_OPUS_WEB", "on", {}],
  ["PHONE_OPUS_TREE_CHANGED", "report", { failsOnTreeChange: false }],
  ["PHONE_OPUS_BILLING", "subscription", { forcesSubscription: true }],
  ["PHONE_OPUS_KEEP_ENV", "A,B_1", { keptVariables: ["A", "B_1"] }],
  ["PHONE_OPUS_HISTORY", "off", { keepsHistory: false }],
  ["PHONE_OPUS_HISTORY", "on", {}],
  ["PHONE_OPUS_HISTORY_DAYS", "1", { historyMs: 86_400_000 }],
  ["PHONE_OPUS_HISTORY_BYTES", "0", { historyBytes: 0 }],
  ["PHONE_OPUS_MAX_RUNNING", "1", { maxRunning: 1 }],
  ["PHONE_OPUS_MAX_QUEUED", "0", { maxQueued: 0 }],
  ["PHONE_OPUS_RESTARTS", "0", { restarts: 0 }],
  ["PHONE_OPUS_RESTART_PERIOD_S", "1", { restartPeriodMs: 1_000 }],
  ["PHONE_OPUS_BREAKER_FAILURES", "1", { breakerFailures: 1 }],
  ["PHONE_OPUS_BREAKER_S", "0.5", { breakerMs: 500 }],
  ["PHONE_OPUS_ALLOWED_ROOTS", "/a:/b", { allowedRoots: ["/a", "/b"] }],
  ["PHONE_OPUS_CLAUDE_MAX_RETRIES", "0", { claudeMaxRetries: 0 }],
  ["PHONE_OPUS_CLAUDE_MAX_RETRIES", "100", { claudeMaxRetries: 100 }],
  ["PHONE_OPUS_MAX_LINE_BYTES", "1024", { maxLineBytes: 1024 }],
  ["PHONE_OPUS_MAX_OUTPUT_BYTES", "65536", { maxOutputBytes: 65_536 }],
] as const;

describe.each(variables)("%s=%s", (name, value, changed) => {
  test("changes its own setting alone", () => {
    expect(good({ [name]: value })).toEqual({ ...defaults, ...changed });
  });

  test("is not set when it is empty", () => {
    expect(good({ [name]: "" })).toEqual(defaults);
  });
});

const numberOfSeconds = "expected a positive number of seconds";
const secondsInBounds =
  "expected a positive number of seconds, at most 2000000";
const whole = "expected a whole number";

const refused = [
  ["PHONE_OPUS_TIMEOUT_S", "soon", numberOfSeconds],
  ["PHONE_OPUS_TIMEOUT_S", "-1", numberOfSeconds],
  ["PHONE_OPUS_TIMEOUT_S", "1e3", numberOfSeconds],
  ["PHONE_OPUS_TIMEOUT_S", " 5", numberOfSeconds],
  ["PHONE_OPUS_TIMEOUT_S", "Infinity", numberOfSeconds],
  ["PHONE_OPUS_TIMEOUT_S", "0", secondsInBounds],
  ["PHONE_OPUS_TIMEOUT_S", "2000001", secondsInBounds],
  ["PHONE_OPUS_IDLE_TIMEOUT_S", "10m", numberOfSeconds],
  ["PHONE_OPUS_IDLE_TIMEOUT_S", "0.0", secondsInBounds],
  ["PHONE_OPUS_STOP_GRACE_S", "5 s", numberOfSeconds],
  ["PHONE_OPUS_ORPHAN_GRACE_S", "never", numberOfSeconds],
  ["PHONE_OPUS_ORPHAN_GRACE_S", "0", secondsInBounds],
  ["PHONE_OPUS_WAIT_S", "-5", numberOfSeconds],
  ["PHONE_OPUS_WAIT_S", "0", secondsInBounds],
  ["PHONE_OPUS_HISTORY", "OFF", 'Invalid option: expected one of "on"|"off"'],
  ["PHONE_OPUS_HISTORY", "0", 'Invalid option: expected one of "on"|"off"'],
  ["PHONE_OPUS_HISTORY_DAYS", "0", `${whole} from 1 to 36500`],
  ["PHONE_OPUS_HISTORY_DAYS", "0.5", whole],
  ["PHONE_OPUS_HISTORY_BYTES", "1GB", whole],
  [
    "PHONE_OPUS_HISTORY_BYTES",
    "9007199254740992",
    `${whole} from 0 to 9007199254740991`,
  ],
  ["PHONE_OPUS_CLAUDE_MAX_RETRIES", "1.5", whole],
  ["PHONE_OPUS_CLAUDE_MAX_RETRIES", "101", `${whole} from 0 to 100`],
  ["PHONE_OPUS_MAX_LINE_BYTES", "32MiB", whole],
  ["PHONE_OPUS_MAX_LINE_BYTES", "1023", `${whole} from 1024 to 1073741824`],
  [
    "PHONE_OPUS_MAX_OUTPUT_BYTES",
    "65535",
    `${whole} from 65536 to 68719476736`,
  ],
] as const;

test.each(refused)(
  "%s=%s is an error that names it: %s",
  (name, value, complaint) => {
    expect(parseSettings({ [name]: value })).toEqual({
      ok: false,
      problem: `${name} is ${JSON.stringify(value)}: ${complaint}; correct or remove this environment variable.`,
    });
  },
);

test("the kernel layer is one of three", () => {
  expect(good({ PHONE_OPUS_SANDBOX: "required" })).toMatchObject({
    sandbox: "required",
  });
  expect(good({ PHONE_OPUS_SANDBOX: "yes" })).toContain("PHONE_OPUS_SANDBOX");
});

test.each([
  [".env:~/.ssh:!.env.example", [".env", "~/.ssh", "!.env.example"]],
  ["none", []],
  ["off", []],
  ["default:::x", ["default", "x"]],
  ["", undefined],
])("what may not be read, as %p", (value, denyRead) => {
  expect(good({ PHONE_OPUS_DENY_READ: value })).toMatchObject({ denyRead });
});

test.each(["./x", "a:../x", "!./x"])(
  "a pattern that could mean nothing is an error: %s",
  (value) => {
    expect(good({ PHONE_OPUS_DENY_READ: value })).toContain(
      "PHONE_OPUS_DENY_READ",
    );
  },
);
