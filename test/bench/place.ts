// Where the benchmark runs: a directory of its own with home and state, the binary, and a fake Claude as the
// downstream, so that the figures are phone-opus's own and cost nothing.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtBinary } from "../demo/built-binary.ts";
import {
  fakeClaude,
  type FakeClaudeName,
  fakeClaudePath,
} from "../fake-claude/fake-claude.ts";

/** Another question each time: the same one would attach to the run that is there. */
export function newPrompt(): string {
  return `What is the answer? (${Bun.randomUUIDv7()})`;
}

export type Place = Awaited<ReturnType<typeof openPlace>>;

export async function openPlace() {
  const binary = await builtBinary();
  const directory = await mkdtemp(join(tmpdir(), "phone-opus-bench-"));
  const environment = (claude: FakeClaudeName): Record<string, string> => ({
    HOME: join(directory, "home"),
    XDG_STATE_HOME: join(directory, "state"),
    PATH: fakeClaudePath(),
    PHONE_OPUS_CLAUDE_BIN: fakeClaude(claude),
    FAKE_CLAUDE_MS: "2000",
  });
  await mkdir(join(directory, "home"));
  return {
    binary,
    directory,
    environment,
    /** A warm session: the SDK's client on `mcp serve`, with a worker that has answered once. */
    connect: async (claude: FakeClaudeName) => {
      const client = new Client({ name: "phone-opus-bench", version: "1.0.0" });
      const transport = new StdioClientTransport({
        command: binary,
        args: ["mcp", "serve"],
        cwd: directory,
        env: environment(claude),
        stderr: "inherit",
      });
      await client.connect(transport);
      const consult = async (): Promise<void> => {
        const params = {
          name: "consult",
          arguments: { prompt: newPrompt() },
        };
        const result = await client.callTool(params);
        if (result.isError === true) {
          throw new Error(`a consult failed: ${JSON.stringify(result)}`);
        }
      };
      await consult();
      return {
        client,
        consult,
        [Symbol.asyncDispose]: () => client.close(),
      };
    },
    [Symbol.asyncDispose]: () =>
      rm(directory, { recursive: true, force: true }),
  };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/**
 * Runs every work once a round, `rounds` times and once more before that for the caches. Each round begins with
 * another one, so that none always runs in the wake of the same neighbour.
 */
export async function interleaved(
  rounds: number,
  works: readonly (() => Promise<number>)[],
): Promise<number[][]> {
  const results: number[][] = works.map(() => []);
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < works.length; turn += 1) {
      const index = (round + 1 + turn) % works.length;
      const value = await works[index]?.();
      if (round >= 0 && value !== undefined) results[index]?.push(value);
    }
  }
  return results;
}
