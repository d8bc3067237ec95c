// A world of its own for the real Claude Code behind the compiled binary: a project, a home, a state directory and a
// scripted Messages API. Whatever is started in it carries the state directory in its environment: so leftovers are
// found wherever they hang in the process tree, without the product's own code.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { faultRecordSchema } from "../../src/base/fault.ts";
import { consultAnswerSchema } from "../../src/tools/answer.ts";
import { claudeEnvironment, realClaude } from "../messages-api/claude-code.ts";
import { startMessagesApi } from "../../src/messages-api/messages-api.ts";
import type { RecordedRequest } from "../../src/messages-api/request.ts";
import { stepOf } from "../../src/messages-api/script.ts";
import type { Script, Step } from "../../src/messages-api/script.ts";

export const binary = join(import.meta.dir, "../../dist/phone-opus");

export interface WorldOptions {
  /** Over the usual environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld(script: Script, options: WorldOptions = {}) {
  const root = await realpath(await mkdtemp(join(tmpdir(), "phone-opus-e2e-")));
  const [project, home, state] = ["project", "home", "state"].map((name) =>
    join(root, name),
  );
  if (project === undefined || home === undefined || state === undefined) {
    throw new Error("three names make three paths");
  }
  for (const directory of [project, home, state]) await mkdir(directory);
  const api = startMessagesApi(script);
  const environment = Object.fromEntries(
    Object.entries({
      ...claudeEnvironment(api.url, home),
      XDG_STATE_HOME: state,
      PHONE_OPUS_CLAUDE_BIN: realClaude(),
      PHONE_OPUS_CLAUDE_MAX_RETRIES: "1",
      ...options.environment,
    }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

  /** Everything alive that was started in this world, as `pid command`. */
  const processes = (): string[] => listWith(`XDG_STATE_HOME=${state}`);
  const isRunner = (line: string) => / mcp runner c_[0-9a-f]{32}$/.test(line);

  /** Starts `phone-opus` with these words and a standard input that ends at once. */
  const start = (words: readonly string[], stdin: string | Uint8Array = "") =>
    Bun.spawn([binary, ...words], {
      cwd: project,
      env: environment,
      stdin: new Blob([stdin]),
      stdout: "pipe",
      stderr: "pipe",
    });

  const run = async (
    words: readonly string[],
    stdin: string | Uint8Array = "",
  ) => {
    const child = start(words, stdin);
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  };

  return {
    root,
    project,
    home,
    state,
    api,
    environment,
    processes,
    /**
     * What is left now. A runner that has told the outcome may still close its books:
     * it is waited for, and must not stay.
     */
    leftovers: async (): Promise<string[]> => {
      const left = processes();
      await until(() => !processes().some(isRunner));
      return left.filter((line) => !isRunner(line));
    },
    start,
    run,
    /** `phone-opus consult` for an answer in full. */
    answer: async (words: readonly string[], stdin?: string | Uint8Array) => {
      const json = ["consult", "--json", "--detail", "full"];
      const { code, stdout, stderr } = await run([...json, ...words], stdin);
      if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
      return consultAnswerSchema.parse(JSON.parse(stdout));
    },
    /** `phone-opus consult` for a failure: exit code, sentence and record. */
    fault: async (words: readonly string[], stdin?: string | Uint8Array) => {
      const { code, stdout, stderr } = await run(
        ["consult", "--json", ...words],
        stdin,
      );
      return {
        code,
        stderr: stderr.trimEnd(),
        record: faultRecordSchema.parse(JSON.parse(stdout)),
      };
    },
    /** The SDK's own client on `phone-opus mcp serve`. */
    connect: async () => {
      const client = new Client({ name: "phone-opus-e2e", version: "1.0.0" });
      const [command, args] = [binary, ["mcp", "serve"]];
      const transport = new StdioClientTransport({
        command,
        args,
        cwd: project,
        env: environment,
        stderr: "pipe",
      });
      await client.connect(transport);
      return {
        client,
        consult: async (
          question: Readonly<Record<string, unknown>>,
          signal?: AbortSignal,
        ) => {
          const params = { name: "consult", arguments: { ...question } };
          const options = signal === undefined ? {} : { signal };
          const result = toolResultSchema.parse(
            await client.callTool(params, undefined, options),
          );
          return {
            isError: result.isError ?? false,
            text: result.content.map(({ text }) => text).join("\n"),
            structured: result.structuredContent,
          };
        },
        [Symbol.asyncDispose]: () => client.close(),
      };
    },
    /** Writes a file into the project; the path may lead out of it. */
    write: async (path: string, text: string) => {
      const file = join(project, path);
      await mkdir(dirname(file), { recursive: true });
      await Bun.write(file, text);
    },
    async [Symbol.asyncDispose]() {
      for (const line of processes()) process.kill(parseInt(line), "SIGKILL");
      await api.stop();
      await until(() => processes().length === 0);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A script whose steps need a path that exists only once the world does: they are pushed later. */
export function scriptToCome(): { script: Script; steps: Step[] } {
  const steps: Step[] = [];
  return {
    steps,
    script: (request, index) => stepOf(steps, request, index),
  };
}

const toolResultSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
});

/** The texts that the user's side of a request carries, in order. */
export function userTexts(request: RecordedRequest | undefined): string[] {
  return (request?.body.messages ?? [])
    .filter(({ role }) => role === "user")
    .flatMap(({ content }) => {
      if (typeof content === "string") return [content];
      const blocks = z.array(z.looseObject({ text: z.string().optional() }));
      return blocks.parse(content).flatMap(({ text }) => text ?? []);
    });
}

/** Every file below `directory` with its content, for a look at what changed. */
export async function filesBelow(
  directory: string,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const glob = new Bun.Glob("**/*");
  for await (const path of glob.scan({ cwd: directory, dot: true })) {
    files[path] = await readFile(join(directory, path), "latin1");
  }
  return files;
}

export async function until(
  fact: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let turn = 0; turn < 1500; turn++) {
    if (await fact()) return;
    await Bun.sleep(10);
  }
  throw new Error("waited fifteen seconds in vain");
}

/** `pid command` of each process with this entry in its environment. */
function listWith(entry: string): string[] {
  if (process.platform !== "linux") {
    const ps = Bun.spawnSync(["ps", "-axwwE", "-o", "pid=,command="]);
    const lines = ps.stdout.toString().split("\n");
    return lines
      .map((line) => line.trim())
      .filter((line) => line.includes(entry));
  }
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      if (!environment.split("\0").includes(entry)) return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      return [`${pid} ${command.replaceAll("\0", " ").trim()}`];
    } catch {
      // Gone while we looked, or another user's.
      return [];
    }
  });
}
