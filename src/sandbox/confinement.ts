// From what a run is about to what holds it: the policy on disk, the command that goes
// through it, and the line that says what was in force.

import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { SandboxRecord } from "../base/sandbox.ts";
import type { Clock } from "../sys/clock.ts";
import { replaceFile } from "../sys/files.ts";
import type { Environment, SandboxMode } from "../sys/settings.ts";
import { neededPlaces, transcriptDirectory } from "./claude-places.ts";
import { claudeRules } from "./claude-rules.ts";
import { parseDenyPatterns } from "./deny-patterns.ts";
import type { Policy, Rule } from "./policy.ts";
import { connectPorts } from "./ports.ts";
import { insufficiency, type KernelLayer, seatbeltPath } from "./probe.ts";
import { gapsOf } from "./rights.ts";
import { seatbeltProfile } from "./seatbelt.ts";
import { findSecrets, listPlace, type Secrets } from "./secrets.ts";
import { placesBehindLinks } from "./links-out.ts";
import { splitReading } from "./split.ts";

export interface ConfinementOptions {
  readonly mode: SandboxMode;
  readonly kernel: KernelLayer;
  /** How this program is started. */
  readonly program: readonly string[];
  /** Of Claude, without what this adds. */
  readonly environment: Environment;
  readonly home: string;
  readonly workingDirectory: string;
  /** Patterns as the user wrote them; undefined: the default ones. */
  readonly denyRead: readonly string[] | undefined;
  /** All that phone-opus keeps of this user. */
  readonly stateDirectory: string;
  /** Of this run. */
  readonly spoolDirectory: string;
  readonly clock: Clock;
  /** Programs that the run starts, wherever they lie. */
  readonly programs?: readonly string[];
}

export interface Launch {
  readonly command: readonly string[];
  readonly cwd: string;
}

export interface Confinement {
  readonly record: SandboxRecord;
  /** For Claude's own permissions, which are in force without the kernel, too. */
  readonly denyRules: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** How the command is started. */
  launch(command: readonly string[]): Launch;
}

export type PreparedConfinement =
  | { readonly ok: true; readonly confinement: Confinement }
  | { readonly ok: false; readonly problem: string };

const walkEntries = 100_000;
const walkMs = 500;
/** A rule costs some 30 microseconds at the start of each run. */
const maxRules = 10_000;

/** Throws the system error where the spool cannot be written. */
export function prepareConfinement(
  options: ConfinementOptions,
): PreparedConfinement {
  const { mode, kernel, clock, home, workingDirectory } = options;
  const lacking = insufficiency(kernel);
  if (mode === "required" && lacking !== undefined) {
    return {
      ok: false,
      problem: `PHONE_OPUS_SANDBOX is "required", but the kernel cannot hold Claude Code to reading: ${lacking}; nothing was asked. Use a system that can (Linux 6.2 with Landlock, or macOS), or set PHONE_OPUS_SANDBOX=auto.`,
    };
  }
  const patterns = parseDenyPatterns(options.denyRead, home);
  const secrets = findSecrets(patterns, workingDirectory, {
    maxEntries: walkEntries,
    maxMs: walkMs,
    nowMs: () => clock.monotonicMs(),
  });
  const denyRules = claudeRules(patterns, secrets.paths);
  const without = (detail: string): PreparedConfinement => ({
    ok: true,
    confinement: {
      record: { kind: "none", detail, is_complete: mode === "off" },
      denyRules,
      environment: {},
      launch: (command) => ({ command, cwd: workingDirectory }),
    },
  });
  if (mode === "off") return without("switched off by PHONE_OPUS_SANDBOX");
  if (kernel.kind === "none") return without(kernel.why);
  return {
    ok: true,
    confinement: {
      denyRules,
      ...hold({ ...options, kernel }, secrets),
    },
  };
}

function hold(
  options: ConfinementOptions & {
    readonly kernel: Exclude<KernelLayer, { kind: "none" }>;
  },
  secrets: Secrets,
): Omit<Confinement, "denyRules"> {
  const { kernel, home, workingDirectory, spoolDirectory } = options;
  const temporary = privateDirectory(join(spoolDirectory, temporaryName));
  const transcripts = tryPrivateDirectory(
    transcriptDirectory(options.environment, home, workingDirectory),
  );
  const writable = [temporary, ...transcripts];
  const readable = neededPlaces(options.environment, home).flatMap(realPath);
  const behindLinks = placesBehindLinks(secrets.links, {
    workingDirectory,
    needed: [
      home,
      options.stateDirectory,
      ...readable,
      ...[...options.program, ...(options.programs ?? [])].flatMap(realPath),
      ...(options.environment["PATH"] ?? "").split(":").flatMap(realPath),
    ],
  });
  const unreadable = [
    ...secrets.paths,
    ...behindLinks.hidden,
    ...realPath(options.stateDirectory),
  ].filter((path) => !readable.includes(path));
  const ports = connectPorts(options.environment);
  const environment = {
    TMPDIR: temporary,
    CLAUDE_CODE_TMPDIR: temporary,
    // zsh keeps its here-documents elsewhere.
    TMPPREFIX: join(temporary, "zsh"),
  };
  const held = {
    hidden: unreadable.length,
    openLinks: behindLinks.open,
    hasTranscripts: transcripts.length > 0,
    isWalkComplete: secrets.isComplete,
  };
  if (kernel.kind === "sandbox-exec") {
    const profilePath = join(spoolDirectory, "sandbox.sb");
    replaceFile(
      profilePath,
      seatbeltProfile({
        writable,
        unreadable,
        readable,
        connectPorts: ports,
      }),
    );
    return {
      environment,
      record: {
        kind: kernel.kind,
        ...describe({ ...held, givenUp: 0, gaps: [], ports }),
      },
      launch: (command) => ({
        command: [seatbeltPath, "-f", profilePath, ...command],
        cwd: workingDirectory,
      }),
    };
  }
  const policyPath = join(spoolDirectory, "sandbox.json");
  const split = splitReading({
    denied: [...unreadable, "/dev"],
    project: workingDirectory,
    list: listPlace,
    maxRules,
  });
  const rules: Rule[] = [
    ...split.rules,
    ...devices.map((path): Rule => ({ path, access: "device" })),
    ...readable.map((path): Rule => ({ path, access: "read" })),
    ...writable.map((path): Rule => ({ path, access: "write" })),
  ];
  replaceFile(
    policyPath,
    JSON.stringify({
      format: 1,
      working_directory: workingDirectory,
      rules,
      connect_ports: ports,
    } satisfies Policy),
  );
  return {
    environment,
    record: {
      kind: kernel.kind,
      ...describe({
        ...held,
        hidden: unreadable.length - split.given_up.length,
        givenUp: split.given_up.length,
        gaps: gapsOf(kernel.abi),
        ports,
      }),
      ...(insufficiency(kernel) === undefined ? {} : { holds_files: false }),
    },
    launch: (command) => ({
      command: [...options.program, "mcp", "confine", policyPath, ...command],
      // It goes to the project by itself, when nothing there can steer it any more.
      cwd: "/",
    }),
  };
}

export const temporaryName = "tmp";

const devices = [
  "/dev/null",
  "/dev/zero",
  "/dev/full",
  "/dev/random",
  "/dev/urandom",
  "/dev/tty",
];

interface Held {
  readonly hidden: number;
  readonly givenUp: number;
  readonly openLinks: number;
  readonly hasTranscripts: boolean;
  readonly isWalkComplete: boolean;
  readonly gaps: readonly string[];
  readonly ports: readonly number[];
}

function describe(held: Held): Omit<SandboxRecord, "kind"> {
  const lacks = [
    ...held.gaps,
    ...(held.givenUp === 0
      ? []
      : [
          `${held.givenUp} denied files lie among too many others and can be read`,
        ]),
    ...(held.openLinks === 0
      ? []
      : [
          `${held.openLinks} links lead out of the project to what cannot be hidden`,
        ]),
    ...(held.isWalkComplete
      ? []
      : ["not all of the project could be searched for denied files"]),
  ];
  const notes = [
    "nothing can be written but Claude's transcript and a private temporary directory",
    `${held.hidden} places cannot be read`,
    `TCP goes to ports ${held.ports.join(", ")}`,
    ...(held.hasTranscripts
      ? []
      : ["no transcript is kept, its directory could not be made"]),
    ...(lacks.length === 0 ? [] : [`not held: ${lacks.join(", ")}`]),
  ];
  return { detail: notes.join("; "), is_complete: lacks.length === 0 };
}

function privateDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  return realpathSync(path);
}

/** Claude would make it itself; where even we cannot, it goes without. */
function tryPrivateDirectory(path: string): string[] {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

function realPath(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}
