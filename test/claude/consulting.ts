// Runs consults in this very process against a program that stands in for Claude: in
// directories of its own, with real processes, and with nothing left afterwards.

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConsultId } from "../../src/base/ids.ts";
import type { Progress } from "../../src/claude/transcript.ts";
import type { ClaudePorts } from "../../src/claude/follow.ts";
import { driveRun, runConsult } from "../../src/claude/run.ts";
import { askVersion } from "../../src/claude/version.ts";
import { capture } from "../../src/sys/capture.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { createSpool, spoolAt } from "../../src/consult/spool.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { statePaths } from "../../src/sys/paths.ts";
import { parseSettings } from "../../src/sys/settings.ts";
import { spawnOnFiles } from "../../src/sys/spawn.ts";
import {
  fakeClaude,
  type FakeClaudeName,
  fakeClaudePath,
  fakeClaudeStarts,
} from "../fake-claude/fake-claude.ts";
import { killMarked, survivors } from "./survivors.ts";

export interface Given {
  /** A fake program's name, or the path of another one. */
  readonly program: FakeClaudeName | { readonly path: string };
  /** For phone-opus and, but for PHONE_OPUS_*, for Claude. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: Partial<ClaudePorts>;
}

export interface Asked {
  readonly request?: Partial<ConsultRequest>;
  readonly id?: ConsultId;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A fresh directory, canonical, gone with its scope. */
export function temporaryDirectory() {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-claude-")));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

export function consulting(given: Given) {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  for (const name of ["home", "project"]) mkdirSync(at(name));
  const startsFile = at("starts");
  const grandchildFile = at("grandchildren");
  const environment: Record<string, string> = {
    PATH: fakeClaudePath(),
    HOME: at("home"),
    XDG_STATE_HOME: at("state"),
    // The stand-ins note their starts in files; the kernel layer has tests of its own.
    PHONE_OPUS_SANDBOX: "off",
    FAKE_CLAUDE_STARTS: startsFile,
    FAKE_CLAUDE_GRANDCHILD: grandchildFile,
    FAKE_CLAUDE_MS: "40",
    PHONE_OPUS_CLAUDE_BIN:
      typeof given.program === "string"
        ? fakeClaude(given.program)
        : given.program.path,
    // Long enough for a polite end on a busy machine; tests of force shorten it.
    PHONE_OPUS_STOP_GRACE_S: "20",
    ...given.environment,
  };
  const settings = parseSettings(environment);
  if (!settings.ok) throw new Error(settings.problem);
  const ports: ClaudePorts = {
    clock: systemClock,
    spawn: spawnOnFiles,
    environment,
    home: at("home"),
    settings: settings.settings,
    paths: statePaths(environment, at("home")),
    askVersion,
    capture,
    renewLogin: () => Promise.resolve(),
    program: [],
    kernel: { kind: "none", why: "this test has no kernel layer" },
    ...given.ports,
  };
  const ids: ConsultId[] = [];
  const grandchildren = async () => {
    const file = Bun.file(grandchildFile);
    return (await file.exists())
      ? (await file.text()).trim().split("\n").map(Number)
      : [];
  };
  const starts = () => fakeClaudeStarts(startsFile);
  return {
    at,
    cwd: at("project"),
    ports,
    starts,
    grandchildren,
    /** One consult to its outcome. */
    ask: async (asked: Asked = {}) => {
      const id = asked.id ?? newConsultId();
      ids.push(id);
      const outcome = await runConsult(ports, {
        consultId: id,
        request: {
          prompt: "What is the answer?",
          cwd: at("project"),
          ...asked.request,
        },
        signal: asked.signal ?? new AbortController().signal,
        onProgress: asked.onProgress ?? (() => {}),
      });
      return { id, outcome, spool: spoolAt(ports.paths.consults, id) };
    },
    /** A consult that was taken in and is driven by nobody yet. */
    accepted: (request: Partial<ConsultRequest> = {}) => {
      const id = newConsultId();
      ids.push(id);
      const whole = { prompt: "Why?", cwd: at("project"), ...request };
      return { id, spool: createSpool(ports.paths.consults, id, whole) };
    },
    /** Brings it to its outcome, as a runner does. */
    drive: (id: ConsultId, asked: Omit<Asked, "id" | "request"> = {}) =>
      drive(ports, id, asked),
    /** The same with a wall clock that is ahead by so much. */
    driveLater: (id: ConsultId, aheadMs: number) => {
      const unixMs = () => systemClock.unixMs() + aheadMs;
      return drive({ ...ports, clock: { ...ports.clock, unixMs } }, id, {});
    },
    /** Whatever the consults so far started and that still runs. */
    survivors: async () =>
      survivors({
        markers: ids.map((id) => `CONSULT_RUN_ID=${id}`),
        leaders: (await starts()).map(({ pid }) => pid),
        others: await grandchildren(),
      }),
    [Symbol.asyncDispose]: async () => {
      killMarked(ids.map((id) => `CONSULT_RUN_ID=${id}`));
      directory[Symbol.dispose]();
    },
  };
}

function drive(ports: ClaudePorts, id: ConsultId, asked: Asked) {
  const spool = spoolAt(ports.paths.consults, id);
  const request = spool.readRequest();
  if (request === undefined) throw new Error(`no request of ${id}`);
  return driveRun(ports, spool, {
    consultId: id,
    request,
    signal: asked.signal ?? new AbortController().signal,
    onProgress: asked.onProgress ?? (() => {}),
  });
}

/** Waits for a fact; a minute in vain is an error that names it. */
export async function until(
  name: string,
  fact: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${name}`);
    await Bun.sleep(5);
  }
}
