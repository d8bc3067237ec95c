// Prompts that break command lines, on their way through the compiled binary and the real Claude Code to the API:
// each arrives as it was given.

import { expect, setDefaultTimeout, test } from "bun:test";
import { startWorld, userTexts } from "./claude-code.ts";

setDefaultTimeout(60_000);

const script = [{ kind: "text", text: "Understood." }] as const;

/** 300 kB with quotes, dollars, line ends and characters of one to four bytes. */
const long = Array.from(
  { length: 5000 },
  (_, line) => `${line}: "$HOME" \`id\` 'é' 🎺 \\n --flag\r\n`,
)
  .join("")
  .padEnd(300_000, "x");

const prompts = {
  "300 kB of everything": long,
  "an option": "--help",
  "a dangerous option": "--dangerously-skip-permissions touch made.txt",
  "a single dash and words": "- what now?",
  "a NUL byte": "before\0after",
  "a shell's words": 'a "b" $(id) `id` $HOME; touch made.txt',
  "a shell escape": "!touch made.txt",
  "a blank before a command": " \t/compact now",
  "blank lines at the end": "What now?\r\n\n  ",
  "a file from outside": "Tell me about @/etc/hostname",
};

test.each(Object.entries(prompts))(
  "%s arrives byte for byte",
  async (_name, prompt) => {
    await using world = await startWorld(script);
    const shell = await world.answer(["-"], prompt);
    await using session = await world.connect();
    const mcp = await session.consult({ prompt, render: "json" });
    for (const response of [shell.response, mcp.structured?.["response"]]) {
      expect(response).toBe("Understood.");
    }
    expect(shell.prompt === prompt).toBe(true);
    expect(world.api.requests.length).toBe(2);
    for (const request of world.api.requests) {
      // Not toBe: a difference in 300 kB is no message to read.
      expect(userTexts(request).at(-1) === prompt).toBe(true);
    }
  },
);

test.each(["--help", "-p", "--dangerously-skip-permissions"])(
  "%s behind -- is a prompt, not an option",
  async (prompt) => {
    await using world = await startWorld(script);
    const answer = await world.answer(["--", prompt]);
    expect(answer.prompt).toBe(prompt);
    expect(userTexts(world.api.requests[0]).at(-1)).toBe(prompt);
  },
);

test.each(["/compact", "/help me", "/nosuchcommand", "//", "/etc/hosts?"])(
  "%s is asked, behind a line feed that keeps it from being a command",
  async (prompt) => {
    await using world = await startWorld(script);
    const answer = await world.answer([prompt]);
    expect(answer).toMatchObject({ response: "Understood.", prompt });
    expect(userTexts(world.api.requests[0]).at(-1)).toBe(`\n${prompt}`);
  },
);

test("a byte order mark on standard input is part of the prompt", async () => {
  await using world = await startWorld(script);
  const answer = await world.answer(["-"], "\uFEFFWhat now?");
  expect(answer.prompt).toBe("\uFEFFWhat now?");
});

test("a file that the prompt names with @ is not attached from outside", async () => {
  await using world = await startWorld(script);
  await world.write("../outside.txt", "the secret of the horn");
  await world.answer([`Tell me about @${world.root}/outside.txt`]);
  expect(JSON.stringify(world.api.requests[0]?.body)).not.toContain(
    "the secret of the horn",
  );
});

test.each([
  ["", "prompt must not be blank: write the question into it."],
  [" \n\t ", "prompt must not be blank: write the question into it."],
])("%j is refused before Claude is started", async (prompt, sentence) => {
  await using world = await startWorld(script);
  const { code, stdout, stderr } = await world.run(["consult", "-"], prompt);
  expect(stderr).toBe(`phone-opus: ${sentence} (see phone-opus --help)\n`);
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(world.api.requests).toEqual([]);
});
