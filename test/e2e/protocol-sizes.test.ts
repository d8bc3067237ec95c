// Prompts and answers of every size and shape arrive as they were sent, and nothing but
// protocol is on the host's stdout whatever Claude prints.

import { describe, expect, test } from "bun:test";
import { createSandbox } from "../process/sandbox.ts";
import { clientKinds } from "./clients.ts";
import { startHost, textOf } from "./host.ts";

describe("a prompt", () => {
  test.each([
    ["with leading dashes", "--help"],
    ["that looks like a dangerous option", "--dangerously-skip-permissions"],
    ["with a NUL", "a\0b"],
    ["in several scripts", "ünïcödé — 数字 😀\u2028\u2029\r\n\t"],
    ["with quotes and shell signs", "'\"`$(touch x); rm -rf . && \\"],
    ["with a trailing line feed", "Why?\n\n"],
    ["of one character", "?"],
  ])("%s reaches Claude byte for byte", async (_, prompt) => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("echoes-prompt"));
    await host.initialize();
    await host.call(1, "consult", { prompt, render: "json" });
    const { result } = await host.answer(1);
    expect(result).toMatchObject({ structuredContent: { response: prompt } });
    const [start] = await sandbox.starts();
    expect(start?.promptBytes).toBe(Buffer.byteLength(prompt));
    expect(start?.argv).not.toContain(prompt);
  });

  test("that begins with a slash is no slash command", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("echoes-prompt"));
    await host.initialize();
    const args = { prompt: "/help me", render: "json" };
    await host.call(1, "consult", args);
    expect((await host.answer(1)).result).toMatchObject({
      structuredContent: { response: "\n/help me" },
    });
  });

  test("of 5 MB comes back whole, one of 11 MB is refused by its size", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("echoes-prompt"));
    await host.initialize();
    const prompt = "How about that? ".repeat(5_000_000 / 16);
    await host.call(1, "consult", { prompt });
    const text = textOf((await host.answer(1)).result);
    expect(text.endsWith(`response:\n${prompt}`)).toBe(true);
    await host.call(2, "consult", { prompt: "x".repeat(11_000_000) });
    const { result } = await host.answer(2);
    expect(textOf(result)).toBe(
      "prompt is 11000000 bytes long, 10000000 is the most that Claude Code takes: name files for it to read instead of pasting them.",
    );
    expect(await sandbox.starts()).toHaveLength(1);
  });

  test.each([[""], [" "], ["\n\t\r "]])("%j is blank", async (prompt) => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.initialize();
    await host.call(1, "consult", { prompt });
    const { result } = await host.answer(1);
    expect(result).toMatchObject({ isError: true });
    expect(textOf(result)).toBe(
      "prompt must not be blank: write the question into it.",
    );
  });
});

describe.each([...clientKinds])("$client", ({ connect }) => {
  test.each(["porcelain", "json"])(
    "gets an answer of 10 MB in %s",
    async (render) => {
      await using sandbox = await createSandbox();
      await using client = await connect(
        sandbox,
        sandbox.environment("long-answer"),
      );
      const args = { prompt: "Why?", render };
      const result = await client.callTool("consult", args);
      expect(textOf(result).length).toBeGreaterThanOrEqual(10 << 20);
      const structured = result.structuredContent?.["response"];
      if (render === "json") expect(structured).toHaveLength(10 << 20);
      else expect(structured).toBeUndefined();
    },
  );
});

test.each(["noisy-stderr", "floods-stdout", "garbage-then-answers"] as const)(
  "stdout carries only JSON-RPC when Claude %s",
  async (claude) => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment(claude));
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    await host.answer(1);
    host.piped.closeStdin();
    expect(await host.piped.exited).toBe(0);
    expect(await host.piped.rest()).toBe("");
    expect(host.printed()).toHaveLength(2);
    expect(host.piped.stderr()).toBe("");
  },
);
