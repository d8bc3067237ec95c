// Runs the real runner process on spools of a test's own, from source and compiled.

import { join } from "node:path";
import type { ConsultId } from "../../src/base/ids.ts";
import { addOwner } from "../../src/consult/custody.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { createSpool, type Spool } from "../../src/consult/spool.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { until } from "../helpers/until.ts";
import { createSandbox } from "../process/sandbox.ts";

export type Running = Awaited<ReturnType<typeof running>>;

export async function running(
  command: readonly string[],
  claude: FakeClaudeName,
  more: Readonly<Record<string, string>> = {},
) {
  const sandbox = await createSandbox();
  const environment = sandbox.environment(claude, {
    FAKE_CLAUDE_MS: "40",
    ...more,
  });
  /** The words of a shell before the program, e.g. a limit. */
  const start = (words: readonly string[], shell?: string) =>
    Bun.spawn(
      shell === undefined
        ? [...command, "mcp", "runner", ...words]
        : [
            "sh",
            "-c",
            `${shell}; exec "$@"`,
            "sh",
            ...command,
            "mcp",
            "runner",
            ...words,
          ],
      {
        cwd: sandbox.project,
        env: environment,
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
  return {
    sandbox,
    environment,
    start,
    /** To its end. */
    run: async (words: readonly string[], shell?: string) => {
      const child = start(words, shell);
      const [stdout, stderr] = await Promise.all([
        child.stdout.text(),
        child.stderr.text(),
      ]);
      return { code: await child.exited, stdout, stderr };
    },
    spool: (request: Partial<ConsultRequest> = {}) => {
      const id = newConsultId();
      const whole = { prompt: "Why?", cwd: sandbox.project, ...request };
      return { id, spool: createSpool(sandbox.consults, id, whole) };
    },
    untilStarted: async (id: ConsultId, spool: Spool) => {
      await sandbox.untilStarted(1);
      await until(
        `Claude is on record for ${id}`,
        () => spool.readRun()?.process !== undefined,
      );
    },
    ledger: join(sandbox.state, "phone_opus/ledger.sqlite"),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

/** A process that waits for the run as long as it lives. */
export function waitingProcess(spool: Spool) {
  const child = Bun.spawn(["sleep", "300"], { stdin: "ignore" });
  const identity = identifyProcess(child.pid);
  if (identity === undefined) throw new Error("sleep did not start");
  addOwner(spool.directory, identity);
  return {
    leave: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
