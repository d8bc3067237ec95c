// Which binaries died right after they took a session over. Each handoff leaves a note
// that is removed once the new image has lived for a while, or was ended by its client;
// a note whose host is dead condemns the binary it names. The next start of such a
// binary becomes the one before it, where that is still there.

import { join } from "node:path";
import { z } from "zod";
import { processIdentitySchema } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import { readRecordIfPossible } from "../consult/spool.ts";
import {
  ensurePrivateDirectory,
  namesIn,
  removeIfPossible,
  replaceFile,
} from "../sys/files.ts";
import {
  type Fingerprint,
  fingerprintFile,
  fingerprintSchema,
  sameFingerprint,
} from "../sys/fingerprint.ts";
import type { ReplaceImage } from "../sys/image.ts";
import { isSameProcessAlive } from "../sys/processes.ts";
import { definedVariables, type Environment } from "../sys/settings.ts";
import { capsuleVariable } from "./capsule-file.ts";

/** How long an image must live after a handoff to be trusted. */
export const probationMs = 10_000;

const handoffSchema = z.object({
  host: processIdentitySchema,
  /** The binary that takes over. */
  fingerprint: fingerprintSchema,
  /** A path to the binary that handed over, if there is one. */
  previous: z.string().nullable(),
  at_unix_ms: z.number(),
});
export type Handoff = z.infer<typeof handoffSchema>;

const condemnedSchema = z.array(
  handoffSchema.pick({ fingerprint: true, previous: true }),
);
export type Condemned = z.infer<typeof condemnedSchema>[number];

/** More than anybody installs in a row. */
const maxCondemned = 8;

const noteOf = (directory: string, pid: number) =>
  join(directory, `${pid}.json`);
const listOf = (directory: string) => join(directory, "condemned.json");

/** Throws the system error. */
export function noteHandoff(directory: string, handoff: Handoff): void {
  ensurePrivateDirectory(directory);
  replaceFile(noteOf(directory, handoff.host.pid), JSON.stringify(handoff));
}

/** This host goes on, or has ended as it should. */
export function confirmHandoff(directory: string, pid: number): void {
  removeIfPossible(noteOf(directory, pid));
}

/**
 * All condemned binaries, those whose hosts died since the last look among them. What
 * ended with the whole machine, before `bootUnixMs`, is not held against a binary.
 */
export function judgeHandoffs(
  directory: string,
  bootUnixMs: number,
): Condemned[] {
  const known = readCondemned(directory);
  const fallen = notesIn(directory).flatMap((path) => {
    const handoff = readRecordIfPossible(path, handoffSchema);
    if (handoff !== undefined && isSameProcessAlive(handoff.host)) return [];
    removeIfPossible(path);
    const isGuilty = handoff !== undefined && handoff.at_unix_ms > bootUnixMs;
    return isGuilty ? [handoff] : [];
  });
  if (fallen.length === 0) return known;
  const condemned = [
    ...known,
    ...fallen.map(({ fingerprint, previous }) => ({ fingerprint, previous })),
  ].slice(-maxCondemned);
  try {
    replaceFile(listOf(directory), JSON.stringify(condemned));
  } catch {
    // This start knows; the next may learn it the hard way again.
  }
  return condemned;
}

/** Every binary may be tried again. */
export function pardonAll(directory: string): void {
  removeIfPossible(listOf(directory));
}

export function verdictOn(
  condemned: readonly Condemned[],
  fingerprint: Fingerprint | undefined,
): Condemned | undefined {
  if (fingerprint === undefined) return undefined;
  return condemned.findLast((each) =>
    sameFingerprint(each.fingerprint, fingerprint),
  );
}

export interface FallBackOptions {
  readonly condemned: readonly Condemned[];
  /** The fingerprint of the running image. */
  readonly image: Fingerprint | undefined;
  readonly environment: Environment;
  readonly launchPath: string;
  readonly replaceImage: ReplaceImage;
  readonly log: (line: string) => void;
}

/** Tells the one before that it is there in another's place, and must stay. */
const fallenBackVariable = "PHONE_OPUS_MCP_FALLEN_BACK";

/** Becomes the binary before this one if this one is condemned; else returns. */
export function fallBack(options: FallBackOptions): void {
  const { environment, launchPath, log } = options;
  if (environment[fallenBackVariable] !== undefined) return;
  const verdict = verdictOn(options.condemned, options.image);
  if (verdict === undefined || verdict.previous === null) return;
  log(`the binary at ${launchPath} died after it took over: going back`);
  try {
    options.replaceImage(verdict.previous, [launchPath, "mcp", "serve"], {
      ...definedVariables(environment),
      [fallenBackVariable]: "1",
    });
  } catch (error) {
    log(`${verdict.previous} cannot be started: ${describeError(error)}`);
  }
}

/** What this host was started with by its client, and nothing of its own kind. */
export function withoutHandoff(environment: Environment): Environment {
  const {
    [fallenBackVariable]: _,
    [capsuleVariable]: __,
    ...others
  } = environment;
  return others;
}

/** The path of the running image, if that is still what lies there. */
export function previousImage(
  path: string,
  own: Fingerprint | undefined,
): string | null {
  try {
    const isOwn =
      own !== undefined && sameFingerprint(fingerprintFile(path), own);
    return isOwn ? path : null;
  } catch {
    return null;
  }
}

/** What cannot be read condemns nobody. */
function readCondemned(directory: string): Condemned[] {
  return readRecordIfPossible(listOf(directory), condemnedSchema) ?? [];
}

function notesIn(directory: string): string[] {
  try {
    return namesIn(directory)
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}
