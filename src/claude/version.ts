// The version of a Claude Code binary: asked once, then remembered by the binary's
// fingerprint, since asking costs 100 ms and more.

import { z } from "zod";
import { capture } from "../sys/capture.ts";
import { definedVariables, type Environment } from "../sys/settings.ts";
import { describeError } from "../base/json.ts";
import { readRecordIfPossible } from "../consult/spool.ts";
import { ensurePrivateDirectory, replaceFile } from "../sys/files.ts";
import { dirname } from "node:path";
import {
  fingerprintFile,
  fingerprintSchema,
  sameFingerprint,
} from "../sys/fingerprint.ts";

/** `[major, minor, patch]` */
export type Version = readonly [number, number, number];

const cacheSchema = z.record(
  z.string(),
  z.object({ fingerprint: fingerprintSchema, version: z.string() }),
);

export type LearnedVersion =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly problem: string };

/** Asks the binary at `path`; resolves with what it printed on stdout. */
export type AskVersion = (
  path: string,
  environment: Environment,
) => Promise<string>;

export async function learnVersion(
  path: string,
  cachePath: string,
  ask: () => Promise<string>,
): Promise<LearnedVersion> {
  try {
    const fingerprint = fingerprintFile(path);
    const cache = readCache(cachePath);
    const known = cache[path];
    if (
      known !== undefined &&
      sameFingerprint(known.fingerprint, fingerprint)
    ) {
      return { ok: true, version: known.version };
    }
    const printed = await ask();
    const version = printed.match(/\d+\.\d+\.\d+/)?.[0];
    if (version === undefined) {
      return {
        ok: false,
        problem: `${path} --version printed no version but ${JSON.stringify(printed.slice(0, 200))}: check that it is Claude Code.`,
      };
    }
    writeCache(cachePath, { ...cache, [path]: { fingerprint, version } });
    return { ok: true, version };
  } catch (error) {
    return {
      ok: false,
      problem: `${path} --version failed (${describeError(error)}): check that it runs.`,
    };
  }
}

/** Forgets what was remembered of a binary that turned out to be another one. */
export function forgetVersion(path: string, cachePath: string): void {
  const { [path]: _, ...others } = readCache(cachePath);
  writeCache(cachePath, others);
}

type Cache = z.infer<typeof cacheSchema>;

/** A cache that cannot be read is an empty one. */
function readCache(cachePath: string): Cache {
  return readRecordIfPossible(cachePath, cacheSchema) ?? {};
}

/** Best effort: without the cache each run only asks again. */
function writeCache(cachePath: string, cache: Cache): void {
  try {
    ensurePrivateDirectory(dirname(cachePath));
    replaceFile(cachePath, JSON.stringify(cache));
  } catch {
    return;
  }
}

export function isAtLeast(version: string, minimum: Version): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, wanted] of minimum.entries()) {
    const actual = parts[index] ?? 0;
    if (actual !== wanted) return actual > wanted;
  }
  return true;
}

const versionTimeoutMs = 20_000;
const maxVersionBytes = 65_536;

/** Runs `path --version` in a place where no project file can influence it. */
export const askVersion: AskVersion = async (path, environment) => {
  const asked = await capture({
    command: [path, "--version"],
    cwd: "/",
    environment: definedVariables(environment),
    timeoutMs: versionTimeoutMs,
    maxBytes: maxVersionBytes,
  });
  if (!asked.ok) throw new Error(asked.reason);
  if (asked.code !== 0) throw new Error(`exit code ${asked.code}`);
  return Buffer.from(asked.stdout).toString();
};
