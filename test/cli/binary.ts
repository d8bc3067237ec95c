// Runs the compiled binary as a person or a script would: in directories of its own,
// with a program in place of Claude, and with nothing left afterwards.

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../claude/consulting.ts";
import { survivors } from "../claude/survivors.ts";
import {
  fakeClaude,
  type FakeClaudeName,
  fakeClaudePath,
  fakeClaudeStarts,
} from "../fake-claude/fake-claude.ts";

export const binary = join(import.meta.dir, "../../dist/phone-opus");

export interface Shell {
  /** A fake program's name, the path of another one, or none at all. */
  readonly program?: FakeClaudeName | { readonly path: string };
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Words {
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a run of the binary came to. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function shell(given: Shell = {}) {
  const directory = realpathSync(
    mkdtempSync(join(tmpdir(), "phone-opus-cli-")),
  );
  const at = (name: string) => join(directory, name);
  for (const name of ["home", "project"]) mkdirSync(at(name));
  const program = given.program ?? "answers";
  // The marker finds whatever the binary started, itself included.
  const marker = `TEST_RUN_ID=${crypto.randomUUID()}`;
  const environment: Record<string, string> = {
    PATH: fakeClaudePath(),
    HOME: at("home"),
    XDG_STATE_HOME: at("state"),
    // The stand-ins note their starts in files; the kernel layer has tests of its own.
    PHONE_OPUS_SANDBOX: "off",
    FAKE_CLAUDE_STARTS: at("starts"),
    FAKE_CLAUDE_GRANDCHILD: at("grandchildren"),
    FAKE_CLAUDE_MS: "40",
    TEST_RUN_ID: marker.slice("TEST_RUN_ID=".length),
    PHONE_OPUS_CLAUDE_BIN:
      typeof program === "string" ? fakeClaude(program) : program.path,
    PHONE_OPUS_STOP_GRACE_S: "20",
    ...given.environment,
  };
  const running: Bun.Subprocess[] = [];
  const starts = () => fakeClaudeStarts(at("starts"));
  const grandchildren = async () => {
    const file = Bun.file(at("grandchildren"));
    return (await file.exists())
      ? (await file.text()).trim().split("\n").map(Number)
      : [];
  };
  const spawn = (words: readonly string[], given: Words = {}) => {
    const child = Bun.spawn([binary, ...words], {
      cwd: given.cwd ?? at("project"),
      env: { ...environment, ...given.environment },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    running.push(child);
    return child;
  };
  /** Everything alive that the binary or Claude started. */
  const processes = async () =>
    survivors({
      markers: [marker],
      leaders: (await starts()).map(({ pid }) => pid),
      others: await grandchildren(),
    });
  const isRunner = (line: string) => / mcp runner c_[0-9a-f]{32}$/.test(line);
  return {
    at,
    cwd: at("project"),
    environment,
    processes,
    starts,
    grandchildren,
    /** Starts the binary and leaves its standard input open. */
    spawn,
    /** To the end; standard input is `stdin`, then over. */
    run: async (
      words: readonly string[],
      given: Words = {},
    ): Promise<Ended> => {
      const child = spawn(words, given);
      const output = Promise.all([child.stdout, child.stderr].map(textOf));
      if (given.stdin !== undefined) void child.stdin.write(given.stdin);
      await child.stdin.end();
      const [stdout = "", stderr = ""] = await output;
      return { code: await child.exited, stdout, stderr };
    },
    /**
     * What is left now. A runner that has told the outcome may still close its books:
     * it is waited for, and must not stay.
     */
    survivors: async () => {
      const left = await processes();
      await until("the runners have ended", async () => {
        return !(await processes()).some(isRunner);
      });
      return left.filter((line) => !isRunner(line));
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of running) child.kill("SIGKILL");
      await Promise.all(running.map((child) => child.exited));
      for (const line of survivors({
        markers: [marker],
        leaders: [],
        others: await grandchildren(),
      })) {
        process.kill(Number(line.split(" ")[0]), "SIGKILL");
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Every byte of it: the usual way of reading drops a byte order mark. */
async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const bytes = await new Response(stream).bytes();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
