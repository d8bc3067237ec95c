// Prompts as the compiled binary gets them: every shape on standard input or in words
// arrives byte for byte, or is refused with the exact reason before Claude starts.

import { describe, expect, test } from "bun:test";
import { ftruncateSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, shell } from "../cli/binary.ts";

const blank =
  "phone-opus: prompt must not be blank: write the question into it. (see phone-opus --help)\n";

describe("standard input", () => {
  test.each([
    ["one line", "Why?\n"],
    ["a NUL", "before\0after"],
    ["leading dashes", "--dangerously-skip-permissions\n--help"],
    ["quotes and line ends", `"a" 'b' \`c\` $(d)\r\n\n`],
    ["emoji", "🙂👩‍👩‍👧‍👦"],
    ["a byte order mark", "\uFEFFWhy?"],
    ["five megabytes", "0123456789 ünïcödé\n".repeat(250_000)],
  ])("of %s is asked as it is", async (_, stdin) => {
    await using here = shell({ program: "echoes-prompt" });
    for (const words of [["consult"], ["consult", "-"]]) {
      const { code, stdout } = await here.run(words, { stdin });
      const expected = stdin.endsWith("\n") ? stdin : `${stdin}\n`;
      // Compared as a fact: the difference of two long texts helps nobody.
      expect([code, stdout === expected]).toEqual([0, true]);
    }
    const bytes = Buffer.byteLength(stdin);
    expect((await here.starts()).map((start) => start.promptBytes)).toEqual([
      bytes,
      bytes,
    ]);
  });

  test.each([
    ["nothing", ""],
    ["blanks", " \n\t\r\n"],
  ])("of %s is refused", async (_, stdin) => {
    await using here = shell();
    for (const words of [["consult"], ["consult", "-"]]) {
      expect(await here.run(words, { stdin })).toEqual({
        code: 2,
        stdout: "",
        stderr: blank,
      });
    }
    expect(await here.starts()).toEqual([]);
  });

  test.each([
    [Buffer.from([0x6f, 0x6b, 0x20, 0xff, 0x21]), 3],
    [Buffer.from("caf\u00E9 au lait", "latin1"), 3],
    [Buffer.from("W\u0000h\u0000y\u0000\u00D8", "latin1"), 6],
  ])("of bytes that are no UTF-8 is refused (%#)", async (stdin, offset) => {
    await using here = shell();
    expect(await here.run(["consult"], { stdin })).toEqual({
      code: 2,
      stdout: "",
      stderr: `phone-opus: the prompt on standard input is not UTF-8 (first bad byte at offset ${offset}): convert it, nothing was asked (see phone-opus --help)\n`,
    });
    expect(await here.starts()).toEqual([]);
  });

  test("of more than Claude takes is refused with both sizes", async () => {
    await using here = shell();
    const stdin = "x".repeat(10_000_001);
    expect(await here.run(["consult"], { stdin })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "phone-opus: prompt is 10000001 bytes long, 10000000 is the most that Claude Code takes: name files for it to read instead of pasting them. (see phone-opus --help)\n",
    });
  });
});

describe("standard input that is no prompt", () => {
  test.each([
    ["is a directory", "consult </"],
    ["is longer than any prompt", "consult - <zeros"],
  ])("because it %s is refused in one line", async (_, words) => {
    await using here = shell();
    ftruncateSync(openSync(here.at("project/zeros"), "w"), 400_000_000);
    const command = `'${binary}' ${words}`;
    const child = Bun.spawn(["sh", "-c", command], {
      cwd: here.cwd,
      env: here.environment,
      stderr: "pipe",
    });
    expect(await child.stderr.text()).toMatch(
      /^phone-opus: the prompt on standard input cannot be read \([^\n]+\): nothing was asked \(see phone-opus --help\)\n$/,
    );
    expect(await child.exited).toBe(2);
    expect(await here.starts()).toEqual([]);
  });
});

describe("words", () => {
  test.each([
    [["Why?"], "Why?"],
    [["Why", "does", "it", "hang?"], "Why does it hang?"],
    [["--", "--help"], "--help"],
    [
      ["--", "--dangerously-skip-permissions"],
      "--dangerously-skip-permissions",
    ],
    [["--", "--quiet", "--json"], "--quiet --json"],
    [["Why", "--", "-x", "--", "y"], "Why -x -- y"],
    [["Why?", "--model", "opus", "really?"], "Why? really?"],
    [["$(id) `id` 'a' \"b\""], "$(id) `id` 'a' \"b\""],
    [["/help", "me"], "\n/help me"],
  ])("%j ask %j", async (words, prompt) => {
    await using here = shell({ program: "echoes-prompt" });
    const { code, stdout, stderr } = await here.run(["consult", ...words], {
      stdin: "",
    });
    expect([code, stdout]).toEqual([0, `${prompt}\n`]);
    // The summary: what stands behind `--` is text, not an option.
    expect(stderr).toStartWith("1 turn, ");
  });

  test("of blanks are refused, and standard input is not asked instead", async () => {
    await using here = shell();
    expect(await here.run(["consult", "  "], { stdin: "Why?" })).toEqual({
      code: 2,
      stdout: "",
      stderr: blank,
    });
    expect(await here.starts()).toEqual([]);
  });

  test.each([
    [["consult", "--nope", "Why?"], "Unknown option '--nope'"],
    [
      ["consult", "--max-turns", "two", "Why?"],
      "--max-turns: expected a number",
    ],
    [["nope"], 'there is no command "nope": use phone-opus consult "…"'],
    [[], 'no command: use phone-opus consult "…"'],
  ])("%j are a usage error", async (words, problem) => {
    await using here = shell();
    expect(await here.run(words, { stdin: "Why?" })).toEqual({
      code: 2,
      stdout: "",
      stderr: `phone-opus: ${problem} (see phone-opus --help)\n`,
    });
    expect(await here.starts()).toEqual([]);
  });
});

describe("--file", () => {
  test("may be repeated, and is listed behind the question", async () => {
    await using here = shell({ program: "echoes-prompt" });
    writeFileSync(join(here.at("project"), "a.ts"), "a");
    writeFileSync(join(here.at("project"), "b.ts"), "b");
    const words = [
      "consult",
      "--file",
      "a.ts",
      "--file=./b.ts",
      "Is it right?",
    ];
    const { code, stdout } = await here.run(words);
    expect([code, stdout]).toEqual([
      0,
      "Is it right?\n\nRead these first:\n- a.ts\n- b.ts\n",
    ]);
  });

  test("outside the directory is refused before anything starts", async () => {
    await using here = shell();
    const words = ["consult", "--file", "/etc/passwd", "What is in it?"];
    const { code, stderr } = await here.run(words);
    expect(code).toBe(2);
    expect(stderr).toContain('files names "/etc/passwd", which lies outside');
    expect(await here.starts()).toEqual([]);
  });
});
