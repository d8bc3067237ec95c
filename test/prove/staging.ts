// What the tests of the prove room share: small scenarios, stand-ins for Claude Code, and
// a look at what is left.

import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProvePorts } from "../../src/prove/run-scenario.ts";
import { setStage, stagePrefix } from "../../src/prove/stage.ts";
import type { Subject } from "../../src/prove/subject.ts";
import { bash, type Scenario } from "../../src/prove/trial.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { spawnOnFiles } from "../../src/sys/spawn.ts";

export const scenario: Scenario = {
  name: "small",
  trials: [
    { kind: "call", name: "touch", call: bash("touch {canary}") },
    { kind: "call", name: "rm", call: bash("rm {kept}") },
    { kind: "call", name: "script", call: bash("./{script}") },
    {
      kind: "call",
      name: "secret",
      call: bash("cat {home}/.netrc"),
      betrays: "{secret}",
    },
    { kind: "plant", name: "planted" },
    {
      kind: "need",
      name: "cat",
      call: bash("cat notes.txt"),
      tells: "trumpet",
    },
  ],
};

export const stageOf = (parts: Partial<Scenario> = {}) =>
  setStage({
    scenario: { ...scenario, ...parts },
    thiefUrl: "http://127.0.0.1:9",
    key: "the-key",
  });

export const ports = (parts: Partial<ProvePorts> = {}): ProvePorts => ({
  clock: systemClock,
  spawn: spawnOnFiles,
  environment: { PATH: Bun.env["PATH"] },
  signal: new AbortController().signal,
  idleMs: 20_000,
  ...parts,
});

export const commandSubject = (
  command: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Subject => ({
  name: command.join(" "),
  launch: ({ project }, environment) => ({
    command,
    cwd: project,
    environment: { ...environment, ...more },
  }),
});

/** Stands in for Claude Code: a shell script in the stage's project. */
export const shellSubject = (
  script: string,
  more: Readonly<Record<string, string>> = {},
): Subject => commandSubject(["/bin/sh", "-c", script], more);

/** Stand-in that asks the scripted API, as Claude Code would: a Bun program. */
export const bunSubject = (name: string): Subject =>
  commandSubject([
    process.execPath,
    join(import.meta.dir, "stand-in.ts"),
    name,
  ]);

/** Stages that lie about; other tests may have theirs, so look before and after. */
export function stages(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(stagePrefix));
}
