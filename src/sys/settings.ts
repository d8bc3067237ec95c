// The environment variables that phone-opus itself obeys, read once and checked.
// A value that cannot be used is an error that names its variable, never a guess.

import { z } from "zod";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Without those that are not set; Bun's own commands are obeyed by no process of ours. */
export function definedVariables(
  environment: Environment,
): Record<string, string> {
  const { BUN_OPTIONS: _, BUN_BE_BUN: __, ...others } = environment;
  return Object.fromEntries(
    Object.entries(others).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

const someSeconds = z
  .string()
  .regex(/^\d+(\.\d+)?$/, "expected a positive number of seconds")
  .transform(Number)
  .refine((value) => value > 0 && value <= 2_000_000, {
    error: "expected a positive number of seconds, at most 2000000",
  });
const seconds = (fallback: number) => someSeconds.default(fallback);

const whole = (fallback: number, minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, {
      error: `expected a whole number from ${minimum} to ${maximum}`,
    })
    .default(fallback);

const settingsSchema = z.object({
  PHONE_OPUS_CLAUDE_BIN: z.string().optional(),
  PHONE_OPUS_TIMEOUT_S: seconds(1800),
  PHONE_OPUS_IDLE_TIMEOUT_S: seconds(600),
  PHONE_OPUS_STOP_GRACE_S: seconds(2),
  PHONE_OPUS_ORPHAN_GRACE_S: seconds(120),
  PHONE_OPUS_WAIT_S: someSeconds.optional(),
  PHONE_OPUS_HISTORY: z.enum(["on", "off"]).default("on"),
  PHONE_OPUS_HISTORY_DAYS: whole(30, 1, 36_500),
  PHONE_OPUS_HISTORY_BYTES: whole(1_073_741_824, 0, Number.MAX_SAFE_INTEGER),
  PHONE_OPUS_MAX_RUNNING: whole(8, 1, 1000),
  PHONE_OPUS_MAX_QUEUED: whole(64, 0, 10_000),
  PHONE_OPUS_RESTARTS: whole(5, 0, 1000),
  PHONE_OPUS_RESTART_PERIOD_S: seconds(300),
  PHONE_OPUS_BREAKER_FAILURES: whole(5, 1, 1000),
  PHONE_OPUS_BREAKER_S: seconds(30),
  PHONE_OPUS_ALLOWED_ROOTS: z
    .string()
    .transform((value) => value.split(":").filter((root) => root !== ""))
    .refine((roots) => roots.every((root) => root.startsWith("/")), {
      error: "expected absolute directories, separated by colons",
    })
    .optional(),
  PHONE_OPUS_ROLLOUT: z.enum(["on", "off"]).default("on"),
  PHONE_OPUS_ROLLOUT_STILL_S: seconds(0.5),
  PHONE_OPUS_ROLLOUT_PROVE_S: seconds(10),
  PHONE_OPUS_SANDBOX: z.enum(["auto", "required", "off"]).default("auto"),
  PHONE_OPUS_DENY_READ: z
    .string()
    .transform((value) =>
      value === "none" || value === "off"
        ? []
        : value.split(":").filter((pattern) => pattern !== ""),
    )
    .refine(
      (patterns) => patterns.every((pattern) => !/^!?\.\.?\//.test(pattern)),
      {
        error:
          "expected names, paths or `default`, separated by colons, none of them beginning with a dot and a slash",
      },
    )
    .optional(),
  PHONE_OPUS_CLAUDE_MAX_RETRIES: whole(4, 0, 100),
  PHONE_OPUS_WEB: z.enum(["on", "off"]).default("on"),
  PHONE_OPUS_TREE_CHANGED: z.enum(["fault", "report"]).default("fault"),
  PHONE_OPUS_BILLING: z
    .enum(["environment", "subscription"])
    .default("environment"),
  PHONE_OPUS_KEEP_ENV: z
    .string()
    .regex(/^\w+(,\w+)*$/, "expected names of variables, separated by commas")
    .transform((value) => value.split(","))
    .default([]),
  PHONE_OPUS_MAX_LINE_BYTES: whole(33_554_432, 1024, 1_073_741_824),
  PHONE_OPUS_MAX_OUTPUT_BYTES: whole(536_870_912, 65_536, 68_719_476_736),
});

/** The kernel layer: `auto` as far as there is one, `required` or not at all. */
export type SandboxMode = "auto" | "required" | "off";

export interface Settings {
  /** The Claude Code binary to run; undefined means: look for it. */
  readonly claudeBinary: string | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Between the polite signal and SIGKILL. */
  readonly stopGraceMs: number;
  /** How long a run goes on after whoever waited for it vanished. */
  readonly orphanGraceMs: number;
  /** How long a call waits before it answers "still running"; undefined: by client. */
  readonly waitMs: number | undefined;
  /** False: nothing is kept once the answer was delivered. */
  readonly keepsHistory: boolean;
  readonly historyMs: number;
  readonly historyBytes: number;
  /** Runs at once, over all hosts and commands of this user. */
  readonly maxRunning: number;
  readonly maxQueued: number;
  readonly restarts: number;
  readonly restartPeriodMs: number;
  readonly breakerFailures: number;
  readonly breakerMs: number;
  /** Where consults may happen; undefined: anywhere. */
  readonly allowedRoots: readonly string[] | undefined;
  /** Whether a host becomes a new binary at its launch path. */
  readonly rollsOut: boolean;
  /** How long a new binary must not change before it is looked at. */
  readonly rolloutStillMs: number;
  /** How long it may take to show that it can take over. */
  readonly rolloutProveMs: number;
  readonly sandbox: SandboxMode;
  /** Patterns of what Claude may not read; undefined: the default ones. */
  readonly denyRead: readonly string[] | undefined;
  readonly claudeMaxRetries: number;
  /** Whether a consult that does not say may browse. */
  readonly web: boolean;
  /** Whether changed files fail an answer when nothing else vouches for it. */
  readonly failsOnTreeChange: boolean;
  /** True: keys in the environment never pay. */
  readonly forcesSubscription: boolean;
  /** Variables that Claude gets although they would be kept from it. */
  readonly keptVariables: readonly string[];
  /** Longest line accepted from a client, a worker or Claude. */
  readonly maxLineBytes: number;
  /** Most that one run may write to its spool. */
  readonly maxOutputBytes: number;
}

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string };

export function parseSettings(environment: Environment): ParsedSettings {
  const known = Object.fromEntries(
    Object.keys(settingsSchema.shape).flatMap((name) => {
      const value = environment[name];
      // An empty variable is how MCP configurations spell "not set".
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const parsed = settingsSchema.safeParse(known);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0]);
    return {
      ok: false,
      problem: `${name} is ${JSON.stringify(known[name])}: ${issue?.message}; correct or remove this environment variable.`,
    };
  }
  const values = parsed.data;
  return {
    ok: true,
    settings: {
      claudeBinary: values.PHONE_OPUS_CLAUDE_BIN,
      timeoutMs: values.PHONE_OPUS_TIMEOUT_S * 1000,
      idleTimeoutMs: values.PHONE_OPUS_IDLE_TIMEOUT_S * 1000,
      stopGraceMs: values.PHONE_OPUS_STOP_GRACE_S * 1000,
      orphanGraceMs: values.PHONE_OPUS_ORPHAN_GRACE_S * 1000,
      waitMs:
        values.PHONE_OPUS_WAIT_S === undefined
          ? undefined
          : values.PHONE_OPUS_WAIT_S * 1000,
      keepsHistory: values.PHONE_OPUS_HISTORY === "on",
      historyMs: values.PHONE_OPUS_HISTORY_DAYS * 86_400_000,
      historyBytes: values.PHONE_OPUS_HISTORY_BYTES,
      maxRunning: values.PHONE_OPUS_MAX_RUNNING,
      maxQueued: values.PHONE_OPUS_MAX_QUEUED,
      restarts: values.PHONE_OPUS_RESTARTS,
      restartPeriodMs: values.PHONE_OPUS_RESTART_PERIOD_S * 1000,
      breakerFailures: values.PHONE_OPUS_BREAKER_FAILURES,
      breakerMs: values.PHONE_OPUS_BREAKER_S * 1000,
      allowedRoots: values.PHONE_OPUS_ALLOWED_ROOTS,
      rollsOut: values.PHONE_OPUS_ROLLOUT === "on",
      rolloutStillMs: values.PHONE_OPUS_ROLLOUT_STILL_S * 1000,
      rolloutProveMs: values.PHONE_OPUS_ROLLOUT_PROVE_S * 1000,
      sandbox: values.PHONE_OPUS_SANDBOX,
      denyRead: values.PHONE_OPUS_DENY_READ,
      claudeMaxRetries: values.PHONE_OPUS_CLAUDE_MAX_RETRIES,
      web: values.PHONE_OPUS_WEB === "on",
      failsOnTreeChange: values.PHONE_OPUS_TREE_CHANGED === "fault",
      forcesSubscription: values.PHONE_OPUS_BILLING === "subscription",
      keptVariables: values.PHONE_OPUS_KEEP_ENV,
      maxLineBytes: values.PHONE_OPUS_MAX_LINE_BYTES,
      maxOutputBytes: values.PHONE_OPUS_MAX_OUTPUT_BYTES,
    },
  };
}
