// The compiled binary as a person or a script uses it: help, streams, and the forms of
// an answer.

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { z } from "zod";
import { binary, shell } from "../cli/binary.ts";
import { matching } from "../claude/matching.ts";

const summary =
  /^1 turn, 99ms, \$0\.000440, claude-opus-5-5, resume with --resume c_[0-9a-f]{32}\n$/;

function padded(text: string): string {
  return text.replaceAll(/ +$/gm, "");
}

describe("help", () => {
  test("of the program", async () => {
    await using here = shell();
    const { code, stdout, stderr } = await here.run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(padded(stdout).replace(/\(phone-opus v.*\)/, "(phone-opus v0)"))
      .toMatchInlineSnapshot(`
      "Ask your own Claude Code, read-only, over MCP or from here (phone-opus v0)

      USAGE phone-opus [OPTIONS] consult|history|wait|cancel|ps|gc|doctor|mcp

      OPTIONS

        --version    Print the version

      COMMANDS

        consult    Ask Claude Code a question about a directory, read-only
        history    List consults, or: show ID, export ID, prune (see the examples)
           wait    Wait for a consult and print its answer
         cancel    Stop a consult and every process it started
             ps    Show every consult that is not over, with its processes
             gc    End what nobody waits for, and remove what has expired
         doctor    Look whether everything is in place, and what to do if not
            mcp    The MCP server

      Use phone-opus <command> --help for more information about a command.

      EXAMPLES

        phone-opus consult "Why does the retry test hang?"
        git diff | phone-opus consult -
        phone-opus mcp serve    # what an MCP client's configuration starts

      EXIT CODES

        0    answered
        1    Claude or the run failed
        2    the command line, the prompt or a variable is wrong
        3    a time limit was reached
        4    Claude Code is not installed or not logged in
        130  interrupted or cancelled
      "
    `);
  });

  test("of consult", async () => {
    await using here = shell();
    const { code, stdout, stderr } = await here.run(["consult", "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(padded(stdout)).toMatchInlineSnapshot(`
      "Ask Claude Code a question about a directory, read-only (phone-opus consult)

      USAGE phone-opus consult [OPTIONS] [PROMPT]

      ARGUMENTS

        PROMPT    The question; "-" or nothing reads it from standard input, behind "--" it may begin with a dash

      OPTIONS

                           --cwd=<directory>    Directory to answer in (default: this one)
                               --file=<path>    A file in that directory to read first; may be repeated
                        --max-turns=<number>    Most agent turns before Claude has to stop
                              --model=<name>    Model alias or full name (default: Claude Code's own)
        --effort=<low|medium|high|xhigh|max>    How hard the model thinks
                               --resume=<id>    Go on with an earlier consult (c_…) or Claude session
                                     --fresh    Ask again even if the same question is running or just answered
                                      --fork    With --resume: branch off into a new session
                       --timeout-s=<seconds>    Time limit (default 1800)
                  --max-budget-usd=<dollars>    Stop when the API calls have cost this much
                                       --web    Let Claude browse (default: as PHONE_OPUS_WEB says)
                                    --no-web    No web search and no fetching of pages
                     --detail=<concise|full>    full: print every recorded field above the answer
                                      --json    Print the answer, or the fault, as one JSON object
                                     --quiet    No progress and no summary on standard error

      EXAMPLES

        phone-opus consult "Why does the retry test hang?"
        phone-opus consult --cwd ../api --max-turns 20 "Review the error handling"
        phone-opus consult --file src/retry.ts --file test/retry.test.ts "Is this right?"
        git diff | phone-opus consult - --json | jq -r .response
        phone-opus consult --resume c_0192… "And what about the cache?"

      EXIT CODES

        0    answered
        1    Claude or the run failed
        2    the command line, the prompt or a variable is wrong
        3    a time limit was reached
        4    Claude Code is not installed or not logged in
        130  interrupted or cancelled
      "
    `);
  });

  test("is the same everywhere", async () => {
    await using here = shell();
    const plain = await here.run(["consult", "--help"]);
    for (const environment of [
      { NO_COLOR: "1" },
      { FORCE_COLOR: "1" },
      { TERM: "dumb" },
      { CI: "1" },
    ]) {
      expect(await here.run(["consult", "-h"], { environment })).toEqual(plain);
    }
  });
});

test("--version prints one line", async () => {
  await using here = shell();
  expect<unknown>(await here.run(["--version"])).toEqual({
    code: 0,
    stdout: matching(
      /^phone-opus \d+\.\d+\.\d+\S* \(([0-9a-f]{12}(-dirty)?|unknown)\)\n$/,
    ),
    stderr: "",
  });
});

describe("an answer", () => {
  test("stands alone on stdout, the summary on stderr", async () => {
    await using here = shell();
    expect<unknown>(await here.run(["consult", "Why?"])).toEqual({
      code: 0,
      stdout: "The answer is 42.\n",
      stderr: matching(summary),
    });
    expect(await here.survivors()).toEqual([]);
  });

  test.each(["NODE_ENV=test", "TEST=1", "CI=1", "CONSOLA_LEVEL=0"])(
    "has its summary with %s in the environment, too",
    async (variable) => {
      await using here = shell();
      const [name = "", value = ""] = variable.split("=");
      const { stderr } = await here.run(["consult", "Why?"], {
        environment: { [name]: value },
      });
      expect(stderr).toMatch(summary);
    },
  );

  test("of ten megabytes is exact", async () => {
    await using here = shell({ program: "long-answer" });
    const { code, stdout } = await here.run(["consult", "Why?"]);
    expect([code, stdout === "0123456789abcde\n".repeat(655_360)]).toEqual([
      0,
      true,
    ]);
  });

  test("with --quiet leaves stderr silent", async () => {
    await using here = shell({ program: "noisy-stderr" });
    expect(await here.run(["consult", "--quiet", "Why?"])).toEqual({
      code: 0,
      stdout: "The answer is 42.\n",
      stderr: "",
    });
  });

  test("with --json is one object of the concise fields", async () => {
    await using here = shell({ program: "uses-tools" });
    const { code, stdout } = await here.run(["consult", "--json", "Why?"]);
    expect(code).toBe(0);
    expect(stdout.indexOf("\n")).toBe(stdout.length - 1);
    const answer: unknown = JSON.parse(stdout);
    expect(answer).toEqual({
      response: "The answer is 42.",
      consult_id: matching(/^c_[0-9a-f]{32}$/),
      cwd: here.cwd,
      model: "claude-opus-5-5",
      duration_ms: 99,
      num_turns: 2,
      stop_reason: "end_turn",
      session_id: matching(/^[0-9a-f-]{36}$/),
      total_cost_usd: 0.00044,
      permission_denial_count: 1,
    });
  });

  test("with --json --detail full has every field", async () => {
    await using here = shell();
    const words = ["consult", "--json", "--detail", "full", "--max-turns", "3"];
    const { stdout } = await here.run([...words, "Why?"]);
    const answer = z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
    expect(answer).toMatchObject({ prompt: "Why?", max_turns: 3 });
    expect(Object.keys(answer).length).toBe(18);
  });

  test("with --detail full has its record above it", async () => {
    await using here = shell();
    const words = ["consult", "--detail", "full", "Why", "now?"];
    const { stdout } = await here.run(words);
    expect(stdout).toStartWith("consult ok turns=1\nconsult: c_");
    expect(stdout).toContain('\nprompt: "Why now?"\n');
    expect(stdout).toEndWith("\nresponse:\nThe answer is 42.\n");
  });

  test("is about --cwd, relative to where one stands", async () => {
    await using here = shell();
    mkdirSync(here.at("project/sub dir"));
    await here.run(["consult", "--cwd", "sub dir", "Why?"]);
    await here.run(["consult", "--cwd=..", "Why?"]);
    expect((await here.starts()).map(({ cwd }) => cwd)).toEqual([
      here.at("project/sub dir"),
      here.at("."),
    ]);
  });

  test("goes on in the next consult with --resume", async () => {
    await using here = shell();
    const first = await here.run(["consult", "Why?"]);
    const id = first.stderr.match(/c_[0-9a-f]{32}/)?.[0] ?? "none";
    const words = ["consult", "--resume", id, "And?"];
    expect((await here.run(words)).code).toBe(0);
    expect((await here.starts())[1]?.argv).toContain("--resume");
  });
});

test("a reader that leaves early gets no stack trace and no hang", async () => {
  await using here = shell({ program: "long-answer" });
  const words = `{ '${binary}' consult Why?; echo "code $?" >&2; } | head -c 1`;
  const child = Bun.spawn(["sh", "-c", words], {
    cwd: here.cwd,
    env: here.environment,
    stdin: "ignore",
    stderr: "pipe",
  });
  expect(await child.stdout.text()).toBe("0");
  const stderr = await child.stderr.text();
  expect(stderr).toMatch(/^(1 turn, [^\n]*\n)?code 0\n$/);
  await child.exited;
  expect(await here.survivors()).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "a full disk is told and no success, and the answer is kept",
  async () => {
    await using here = shell({ environment: { PHONE_OPUS_HISTORY: "off" } });
    const child = Bun.spawn(
      ["sh", "-c", `'${binary}' consult Why? >/dev/full`],
      {
        cwd: here.cwd,
        env: here.environment,
        stdin: "ignore",
        stderr: "pipe",
      },
    );
    const stderr = await child.stderr.text();
    expect(await child.exited).toBe(1);
    expect(stderr).toMatch(
      /\nphone-opus: standard output took no more \(ENOSPC: .*\): answers are kept, see phone-opus history\n$/,
    );
    const id = stderr.match(/c_[0-9a-f]{32}/)?.[0] ?? "none";
    expect((await here.run(["wait", id])).stdout).toBe("The answer is 42.\n");
  },
);
