// The prompt reaches Claude on standard input, byte for byte, whatever it holds.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { consulting } from "./consulting.ts";

const fiveMegabytes = "0123456789 ünïcödé\n".repeat(250_000);

describe("a prompt", () => {
  test.each([
    ["of one character", "?"],
    ["that looks like an option", "--dangerously-skip-permissions"],
    ["that looks like help", "--help"],
    ["with leading dashes", "-- - --- -p --model nope"],
    ["with a NUL byte", "before\0after"],
    ["with quotes", `"double" 'single' \`back\` $HOME $(id) \\`],
    ["with line ends of all kinds", "\r\na\nb\rc\u2028d\u2029e\n\n"],
    ["with blanks around", "  \t why?  \n"],
    ["with a byte order mark", "\uFEFFwhy?"],
    ["with emoji", "Why 🙂👩‍👩‍👧‍👦 here?"],
    ["with control characters", "\u0001\u001B[31m\u007F\u0085"],
    ["of more than five megabytes", fiveMegabytes],
  ])("%s arrives as it is", async (_, prompt) => {
    await using here = consulting({ program: "echoes-prompt" });
    const { outcome, spool } = await here.ask({ request: { prompt } });
    const response =
      outcome.status === "done" ? outcome.answer.response : undefined;
    // Compared as facts: the difference of two long texts helps nobody.
    expect(response === prompt).toBe(true);
    expect(readFileSync(spool.promptPath).equals(Buffer.from(prompt))).toBe(
      true,
    );
    const [start, ...more] = await here.starts();
    expect(more).toEqual([]);
    expect(start?.promptBytes).toBe(Buffer.byteLength(prompt));
    expect(start?.argv.join(" ").includes(prompt)).toBe(
      // A question mark is in no option; the others are longer than any.
      false,
    );
    expect(await here.survivors()).toEqual([]);
  });

  test("that starts with a slash gets a line feed before it", async () => {
    await using here = consulting({ program: "echoes-prompt" });
    const { outcome } = await here.ask({ request: { prompt: "/help me" } });
    expect(outcome).toMatchObject({
      status: "done",
      answer: { response: "\n/help me", prompt: "/help me" },
    });
  });
});
