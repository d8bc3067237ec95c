// Where the prompt of a command line comes from: words, or bytes on standard input.

import { describe, expect, test } from "bun:test";
import { readPrompt } from "../../src/cli/prompt.ts";
import { UsageError } from "../../src/cli/usage.ts";

function prompt(
  words: readonly string[],
  stdin: Uint8Array | undefined,
  stdinIsTerminal = false,
) {
  return readPrompt({
    words,
    stdinIsTerminal,
    readStdin: () =>
      stdin === undefined
        ? Promise.reject(new Error("standard input was read"))
        : Promise.resolve(stdin),
  });
}

/** The sentence of the usage error. */
async function problem(promise: Promise<string>): Promise<string> {
  return promise.then(
    (text) => `no error: ${text}`,
    (error: unknown) => {
      if (error instanceof UsageError) return error.message;
      throw error;
    },
  );
}

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part) : Buffer.from([part]),
    ),
  );

describe("words", () => {
  test.each([
    [["Why?"], "Why?"],
    [["Why", "does", "it  hang?"], "Why does it  hang?"],
    [["--help", "-x"], "--help -x"],
    [["-", "and", "more"], "- and more"],
    [[""], ""],
  ])(
    "%j are the prompt %j, and standard input is not read",
    async (words, text) => {
      expect(await prompt(words, undefined)).toBe(text);
      expect(await prompt(words, undefined, true)).toBe(text);
    },
  );
});

describe("standard input", () => {
  test("is the prompt for a dash, at a terminal too, and for no words off one", async () => {
    const input = bytes("Why?\n");
    expect(await prompt(["-"], input)).toBe("Why?\n");
    expect(await prompt(["-"], input, true)).toBe("Why?\n");
    expect(await prompt([], input)).toBe("Why?\n");
  });

  test("is not waited for at a terminal", async () => {
    expect(await problem(prompt([], undefined, true))).toBe(
      'no prompt: write it as an argument, or "-" to read it from standard input',
    );
  });

  test.each(["", "\0", " \n", "🙂\u2028", "\u{10FFFF}"])(
    "of %j arrives as it is",
    async (text) => {
      expect(await prompt([], bytes(text))).toBe(text);
    },
  );

  test.each([
    [bytes(0xff), 0],
    [bytes("ok ", 0xff, " more"), 3],
    // Latin-1: the accented letter is the bad byte, not the blank behind it.
    [bytes("caf", 0xe9, " au lait"), 3],
    [bytes("caf", 0xe9), 3],
    [bytes("🙂", 0xf0, 0x9f, 0x99), 4],
    [bytes("ü", 0xc3, "("), 2],
    [bytes("a", 0xed, 0xa0, 0x80), 1],
    [bytes("a\0b", 0x80), 3],
    [bytes("x".repeat(5_000_000), 0xc0, 0xaf), 5_000_000],
  ])("of bytes that are no UTF-8 is refused (%#)", async (input, offset) => {
    expect(await problem(prompt(["-"], input))).toBe(
      `the prompt on standard input is not UTF-8 (first bad byte at offset ${offset}): convert it, nothing was asked`,
    );
  });
});
