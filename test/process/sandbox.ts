// A home, a state directory and a project of a test's own, and the certainty that
// nothing outlives it: whatever was started in here carries a marker.

import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fakeClaude,
  type FakeClaudeName,
  fakeClaudePath,
  type FakeClaudeStart,
  fakeClaudeStarts,
} from "../fake-claude/fake-claude.ts";
import {
  livingProcesses,
  type LivingProcess,
  livingThatBelong,
} from "./processes.ts";
import { until } from "../helpers/until.ts";

export interface Sandbox extends AsyncDisposable {
  readonly directory: string;
  readonly project: string;
  readonly state: string;
  readonly consults: string;
  /** For anything started in here; Claude is the program named. */
  environment(
    claude: FakeClaudeName | undefined,
    more?: Readonly<Record<string, string>>,
  ): Record<string, string>;
  /** Runs of Claude so far. */
  starts(): Promise<FakeClaudeStart[]>;
  untilStarted(count: number): Promise<void>;
  grandchildren(): number[];
  /** What Claude or its children still run, by group, descent and environment. */
  runsLeft(): Promise<LivingProcess[]>;
  /** The same with hosts and workers. */
  processesLeft(): Promise<LivingProcess[]>;
  untilNoRuns(): Promise<void>;
  untilNothingRuns(): Promise<void>;
}

export async function createSandbox(): Promise<Sandbox> {
  const directory = await realpath(
    await mkdtemp(join(tmpdir(), "phone-opus-sandbox-")),
  );
  const project = join(directory, "project");
  const state = join(directory, "state");
  const consults = join(state, "phone_opus", "consults");
  const startsFile = join(directory, "starts");
  const grandchildFile = join(directory, "grandchildren");
  const marker = `SANDBOX_OF_TEST=${directory}`;
  for (const path of [project, join(directory, "home")]) mkdirSync(path);

  const starts = () => fakeClaudeStarts(startsFile);
  const grandchildren = () =>
    existsSync(grandchildFile)
      ? readFileSync(grandchildFile, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map(Number)
      : [];
  const consultIds = () => (existsSync(consults) ? readdirSync(consults) : []);
  const living = async (markers: readonly string[]) =>
    livingThatBelong({
      markers: new Set(markers),
      pids: new Set([
        ...(await starts()).map(({ pid }) => pid),
        ...grandchildren(),
      ]),
    });
  const runsLeft = () =>
    living(consultIds().map((id) => `CONSULT_RUN_ID=${id}`));
  const processesLeft = () =>
    living([marker, ...consultIds().map((id) => `CONSULT_RUN_ID=${id}`)]);
  const untilNothingRuns = () =>
    until(
      "no process is left",
      async () => (await processesLeft()).length === 0,
    );

  return {
    directory,
    project,
    state,
    consults,
    environment: (claude, more) => ({
      PATH: fakeClaudePath(),
      HOME: join(directory, "home"),
      XDG_STATE_HOME: state,
      SANDBOX_OF_TEST: directory,
      // The stand-ins note their starts in files; the kernel layer has tests of its own.
      PHONE_OPUS_SANDBOX: "off",
      FAKE_CLAUDE_STARTS: startsFile,
      FAKE_CLAUDE_GRANDCHILD: grandchildFile,
      ...(claude === undefined
        ? {}
        : { PHONE_OPUS_CLAUDE_BIN: fakeClaude(claude) }),
      ...more,
    }),
    starts,
    untilStarted: (count) =>
      until(
        `${count} runs of Claude have started`,
        async () => (await starts()).length >= count,
      ),
    grandchildren,
    runsLeft,
    processesLeft,
    untilNoRuns: () =>
      until("no run is left", async () => (await runsLeft()).length === 0),
    untilNothingRuns,
    async [Symbol.asyncDispose]() {
      // Again and again: what was killed may have started another a moment before.
      await until("no process is left", async () => {
        killByMarker(marker);
        return (await processesLeft()).length === 0;
      });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** By the marker alone: a pid noted down may be somebody else's by now. */
function killByMarker(marker: string): void {
  for (const { pid, environment } of livingProcesses()) {
    if (!environment.includes(marker)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
