// The command line itself, in this process: help, version, and each way to get it wrong.
// Every wrong one is told in one line, ends with 2 and starts nothing.

import { describe, expect, test } from "bun:test";
import { createLineOutput } from "../../src/sys/output.ts";
import { runCli } from "../../src/cli/cli.ts";
import { asksForHelp } from "../../src/cli/usage.ts";

async function cli(words: readonly string[], environment = {}) {
  let stdout = "";
  let stderr = "";
  const replaced = new Map<string | symbol, unknown>([
    ["isTTY", false],
    ["write", (text: string) => (stderr += text)],
  ]);
  const output = createLineOutput(
    {
      write: (text) => {
        stdout += text;
        return text.length;
      },
      flush: () => 0,
    },
    () => {},
  );
  const code = await runCli({
    program: ["/nowhere/phone-opus"],
    installedPath: "/nowhere/phone-opus",
    words,
    environment,
    home: "/nowhere",
    workingDirectory: "/",
    output,
    stderr: new Proxy(process.stderr, {
      get: (target, name): unknown =>
        replaced.has(name) ? replaced.get(name) : Reflect.get(target, name),
    }),
    stdinIsTerminal: true,
    readStdin: () => Promise.reject(new Error("standard input was read")),
    interrupt: new AbortController().signal,
  });
  await output.flushed();
  return { code, stdout, stderr };
}

describe("a wrong command line", () => {
  test.each([
    [[], 'no command: use phone-opus consult "…"'],
    [["nope"], 'there is no command "nope": use phone-opus consult "…"'],
    [["--nope"], 'there is no command "--nope": use phone-opus consult "…"'],
    [["mcp"], "mcp needs a command: phone-opus mcp serve"],
    [["mcp", "nope"], "there is no command mcp nope: use phone-opus mcp serve"],
    [["consult", "--nope", "hi"], "Unknown option '--nope'"],
    [["consult", "hi", "-x"], "Unknown option '-x'"],
    [["consult", "--no-json", "hi"], "Unknown option '--no-json'"],
    [["consult", "--maxTurns=3", "hi"], "Unknown option '--maxTurns'"],
    [["consult", "--model"], "Option '--model <value>' argument missing"],
    [
      ["consult", "--json=1", "hi"],
      "Option '--json' does not take an argument",
    ],
    [
      ["consult"],
      'no prompt: write it as an argument, or "-" to read it from standard input',
    ],
    [
      ["consult", " \t\n "],
      "prompt must not be blank: write the question into it.",
    ],
    [["consult", ""], "prompt must not be blank: write the question into it."],
    [
      ["consult", "--fork", "hi"],
      "fork needs resume: name the consult or session to fork.",
    ],
    [
      ["consult", "--cwd", "/nowhere", "hi"],
      "cwd /nowhere does not exist: name a directory that does.",
    ],
    [["consult", "--max-turns", "x", "hi"], "--max-turns: expected a number"],
    [["consult", "--max-turns", "", "hi"], "--max-turns: expected a number"],
    [["consult", "--max-turns", "1e3", "hi"], "--max-turns: expected a number"],
    [
      ["consult", "--max-turns", "0", "hi"],
      "--max-turns: Too small: expected number to be >=1",
    ],
    [
      ["consult", "--max-turns=-1", "hi"],
      "--max-turns: Too small: expected number to be >=1",
    ],
    [
      ["consult", "--max-turns", "1.5", "hi"],
      "--max-turns: Invalid input: expected int, received number",
    ],
    [
      ["consult", "--timeout-s", "0", "hi"],
      "--timeout-s: Too small: expected number to be >0",
    ],
    [
      ["consult", "--timeout-s", "86401", "hi"],
      "--timeout-s: Too big: expected number to be <=86400",
    ],
    [
      ["consult", "--max-budget-usd", "0", "hi"],
      "--max-budget-usd: Too small: expected number to be >0",
    ],
    [
      ["consult", "--max-budget-usd", "abc", "hi"],
      "--max-budget-usd: expected a number",
    ],
    [
      ["consult", "--effort", "much", "hi"],
      '--effort: Invalid option: expected one of "low"|"medium"|"high"|"xhigh"|"max"',
    ],
    [
      ["consult", "--detail", "much", "hi"],
      '--detail: Invalid option: expected one of "concise"|"full"',
    ],
    [
      ["consult", "--model", "--dangerously-skip-permissions", "hi"],
      "Option '--model' argument is ambiguous",
    ],
    [
      ["consult", "--model=--dangerously-skip-permissions", "hi"],
      "--model: expected a name without spaces",
    ],
    [
      ["consult", "--file", "a.ts", "--file=", "hi"],
      "--file: Too small: expected string to have >=1 characters",
    ],
    [
      ["consult", "--resume", "latest", "hi"],
      "--resume: expected a consult id (c_…) or a Claude session id",
    ],
  ])("%j is told in one line", async (words, problem) => {
    expect(await cli(words)).toEqual({
      code: 2,
      stdout: "",
      stderr: `phone-opus: ${problem} (see phone-opus --help)\n`,
    });
  });

  test.each([
    ["PHONE_OPUS_TIMEOUT_S", "soon", "expected a positive number of seconds"],
    [
      "PHONE_OPUS_CLAUDE_MAX_RETRIES",
      "101",
      "expected a whole number from 0 to 100",
    ],
  ])("%s=%s is named", async (name, value, issue) => {
    expect(await cli(["consult", "hi"], { [name]: value })).toEqual({
      code: 2,
      stdout: "",
      stderr: `phone-opus: ${name} is ${JSON.stringify(value)}: ${issue}; correct or remove this environment variable. (see phone-opus --help)\n`,
    });
  });
});

describe("help", () => {
  test("of each command ends with 0 and has examples", async () => {
    for (const words of [["--help"], ["-h"], ["help"]]) {
      const { code, stdout, stderr } = await cli(words);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("EXAMPLES");
    }
  });

  test.each([
    [["--help"], true],
    [["hi", "-h"], true],
    [["--json", "--help", "--", "hi"], true],
    [["--", "--help"], false],
    [["hi", "--", "-h"], false],
    [[], false],
  ])("is asked for by %j: %p", (words, asks) => {
    expect(asksForHelp(words)).toBe(asks);
  });
});

test.each(["--version", "-v", "version"])(
  "%s prints name, version and commit",
  async (word) => {
    expect(await cli([word])).toEqual({
      code: 0,
      stdout: "phone-opus 0.0.0-source (unknown)\n",
      stderr: "",
    });
  },
);
