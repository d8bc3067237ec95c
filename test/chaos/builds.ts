// Two builds of this very source that differ in their version, made once for all the
// files of a test run.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identifyProcess } from "../../src/sys/processes.ts";

const root = join(import.meta.dir, "../..");

export const versions = ["0.0.1", "0.0.2"] as const;
export type BuildIndex = 0 | 1;

export interface Builds {
  readonly paths: readonly [string, string];
}

const prefix = "phone-opus-builds-";
const startTime = identifyProcess(process.pid)?.start_time ?? "unknown";
/** Every file of a run is a module of its own, but they share the process. */
const home =
  Bun.env["PHONE_OPUS_TEST_BUILDS"] ??
  join(tmpdir(), `${prefix}${process.pid}-${startTime}`);

/** A run of tests ends without a word: what it left is removed by the next. */
function removeOthers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^phone-opus-builds-(\d+)-/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || identifyProcess(pid) !== undefined) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

let made: Promise<Builds> | undefined;

export function twoBuilds(): Promise<Builds> {
  made ??= makeBuilds();
  return made;
}

async function makeBuilds(): Promise<Builds> {
  if (!existsSync(home)) {
    removeOthers();
    const making = mkdtempSync(`${home}-`);
    for (const version of versions) await build(join(making, version), version);
    renameSync(making, home);
  }
  return { paths: [join(home, versions[0]), join(home, versions[1])] };
}

async function build(outfile: string, version: string): Promise<void> {
  const child = Bun.spawn([process.execPath, "run", "build.ts"], {
    cwd: root,
    env: {
      ...Bun.env,
      PHONE_OPUS_OUTFILE: outfile,
      PHONE_OPUS_VERSION: version,
      PHONE_OPUS_COMMIT: "test",
    },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [code, said] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) throw new Error(`the build of ${version} failed: ${said}`);
}

export function otherBuild(index: BuildIndex): BuildIndex {
  return index === 0 ? 1 : 0;
}
