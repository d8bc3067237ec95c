// How the tests beside this file run a program: in a directory of its own, and with nothing left afterwards.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { z } from "zod";
import { fakeClaude, fakeClaudePath, fakeClaudeStarts } from "./fake-claude.ts";
import type { FakeClaudeName } from "./fake-claude.ts";

export const eventSchema = z.looseObject({
  type: z.string(),
  subtype: z.string().optional(),
});

export type FakeEvent = z.infer<typeof eventSchema>;

export function start(
  name: FakeClaudeName,
  given: {
    argv?: readonly string[];
    prompt?: string;
    env?: Record<string, string>;
  } = {},
) {
  const directory = realpathSync(mkdtempSync(`${tmpdir()}/fake-claude-`));
  const startsFile = `${directory}/starts`;
  const grandchildFile = `${directory}/grandchildren`;
  const child = Bun.spawn([fakeClaude(name), ...(given.argv ?? [])], {
    cwd: directory,
    env: {
      PATH: fakeClaudePath(),
      FAKE_CLAUDE_STARTS: startsFile,
      FAKE_CLAUDE_GRANDCHILD: grandchildFile,
      FAKE_CLAUDE_MS: "40",
      ...given.env,
    },
    stdin: new Blob([given.prompt ?? "What is the answer?"]),
    stdout: "pipe",
    stderr: "pipe",
  });
  let out = "";
  const stdout = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout)
      out += decoder.decode(chunk, { stream: true });
    return out;
  })();
  const stderr = child.stderr.text();
  const grandchildren = async () => {
    const file = Bun.file(grandchildFile);
    return (await file.exists())
      ? (await file.text()).trim().split("\n").map(Number)
      : [];
  };
  const killGrandchildren = async () => {
    for (const pid of (await grandchildren()).filter(alive))
      process.kill(pid, "SIGKILL");
  };
  return {
    process: child,
    directory,
    startsFile,
    stdout: () => stdout,
    stderr: () => stderr,
    events: async () => events(await stdout),
    started: () =>
      until(async () => (await fakeClaudeStarts(startsFile)).length > 0),
    printed: (text: string) => until(() => out.includes(text)),
    grandchildren,
    killGrandchildren,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await killGrandchildren();
      await stdout;
      for (const pid of await grandchildren()) await until(() => !alive(pid));
      rmSync(directory, { recursive: true });
    },
  };
}

export async function until(
  fact: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (await fact()) return;
    await Bun.sleep(5);
  }
  throw new Error("waited five seconds in vain");
}

/** Whether a process runs. One that has ended and waits for its parent to notice does not. */
export function alive(pid: number): boolean {
  const state = Bun.spawnSync(["ps", "-o", "stat=", "-p", `${pid}`])
    .stdout.toString()
    .trim();
  return state !== "" && !state.startsWith("Z");
}

export function events(text: string): FakeEvent[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => eventSchema.parse(JSON.parse(line)));
}
