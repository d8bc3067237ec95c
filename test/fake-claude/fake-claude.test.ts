import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { z } from "zod";
import {
  FAKE_CLAUDE_NAMES,
  fakeClaude,
  fakeClaudeStarts,
} from "./fake-claude.ts";
import type { FakeClaudeName } from "./fake-claude.ts";
import { eventSchema, start } from "./running.ts";

const ok = { subtype: "success", is_error: false, result: "The answer is 42." };
const failed = { subtype: "success", is_error: true };

/** Every program that ends by itself: its exit code, and what its last line says. */
const endings: Partial<
  Record<FakeClaudeName, [number, object | "broken" | "nothing"]>
> = {
  answers: [0, { ...ok, num_turns: 1 }],
  "answers-slowly": [0, { ...ok, num_turns: 5, duration_ms: 40 }],
  "budget-exceeded": [
    1,
    {
      subtype: "error_max_budget_usd",
      is_error: true,
      errors: ["Reached maximum budget ($0.01)"],
    },
  ],
  "continued-answer": [0, { ...ok, result: "and two." }],
  "crashes-midway": [137, { type: "assistant" }],
  "echoes-prompt": [0, { ...ok, result: "What is the answer?" }],
  "exits-7": [7, "nothing"],
  "floods-stdout": [0, ok],
  "garbage-then-answers": [0, ok],
  "half-a-line": [0, "broken"],
  "holds-stdout-open": [0, ok],
  "invalid-json": [0, "broken"],
  "leaves-a-grandchild": [0, ok],
  "long-answer": [0, { ...ok, result: "0123456789abcde\n".repeat(655_360) }],
  "low-credit": [
    1,
    { ...failed, api_error_status: 400, result: "Credit balance is too low" },
  ],
  "malformed-config": [1, "nothing"],
  "malformed-config-with-result": [
    1,
    {
      subtype: "error_during_execution",
      startup_failure_reason: "config_file_invalid",
    },
  ],
  "max-turns": [
    1,
    {
      subtype: "error_max_turns",
      is_error: true,
      errors: ["Reached maximum number of turns (2)"],
    },
  ],
  "no-output": [0, "nothing"],
  "noisy-stderr": [0, ok],
  "not-logged-in": [
    1,
    {
      ...failed,
      api_error_status: null,
      result: "Not logged in · Please run /login",
    },
  ],
  "old-version": [1, "nothing"],
  overloaded: [1, { ...failed, api_error_status: 529 }],
  "prompt-too-long": [
    1,
    { ...failed, api_error_status: 400, terminal_reason: "prompt_too_long" },
  ],
  "rate-limited": [
    1,
    { ...failed, api_error_status: 429, terminal_reason: "api_error" },
  ],
  refusal: [1, { ...failed, api_error_status: null, stop_reason: "refusal" }],
  "restricted-missing": [0, ok],
  "server-error": [1, { ...failed, api_error_status: 500 }],
  "session-not-found": [1, "nothing"],
  "session-not-found-with-result": [
    1,
    { subtype: "error_during_execution", is_error: true, num_turns: 0 },
  ],
  "slow-version": [0, ok],
  "splits-utf8": [0, { ...ok, result: "Größe 42 €, 🙂." }],
  "subscription-limit": [
    1,
    {
      ...failed,
      api_error_status: 429,
      result: "You've hit your limit · resets 3pm (UTC)",
    },
  ],
  "unauthorized-api-key": [
    1,
    {
      ...failed,
      api_error_status: 401,
      result: "Invalid API key · Fix external API key",
    },
  ],
  "unauthorized-oauth": [1, { ...failed, api_error_status: 401 }],
  "unknown-model": [1, { ...failed, api_error_status: 404 }],
  "uses-tools": [
    0,
    {
      ...ok,
      num_turns: 2,
      permission_denials: [expect.objectContaining({ tool_name: "Bash" })],
    },
  ],
};

const versions: Partial<Record<FakeClaudeName, string>> = {
  "old-version": "1.0.20 (Claude Code)\n",
  "restricted-missing": "2.1.197 (Claude Code)\n",
};

describe("the folder", () => {
  test("has one executable program for each name, and nothing else but its helpers", () => {
    const helpers = [
      "failures",
      "fake-claude",
      "grandchild",
      "lines",
      "running",
    ];
    const programs = readdirSync(import.meta.dir)
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => file.slice(0, -".ts".length))
      .filter((name) => !helpers.includes(name));
    expect(programs.toSorted()).toEqual([...FAKE_CLAUDE_NAMES]);
    for (const name of FAKE_CLAUDE_NAMES)
      expect([name, statSync(fakeClaude(name)).mode & 0o777]).toEqual([
        name,
        0o755,
      ]);
  });

  test("has a line in the README for each name", async () => {
    const readme = await Bun.file(`${import.meta.dir}/README.md`).text();
    expect(
      FAKE_CLAUDE_NAMES.filter((name) => !readme.includes(`| \`${name}\``)),
    ).toEqual([]);
  });
});

describe("every program", () => {
  test.each(FAKE_CLAUDE_NAMES)(
    "%s tells its version and leaves no trace of a start",
    async (name) => {
      await using run = start(name, { argv: ["--version"] });
      expect(await run.stdout()).toBe(
        versions[name] ?? "2.1.329 (Claude Code)\n",
      );
      expect(await run.process.exited).toBe(0);
      expect(await fakeClaudeStarts(run.startsFile)).toEqual([]);
    },
  );

  test.each(Object.entries(endings))(
    "%s ends as its name says",
    async (name, [code, ending]) => {
      await using run = start(z.enum(FAKE_CLAUDE_NAMES).parse(name));
      const exit = await run.process.exited;
      await run.killGrandchildren();
      const lines = (await run.stdout())
        .split("\n")
        .filter((line) => line !== "");
      if (ending === "nothing") expect(lines).toEqual([]);
      else if (ending === "broken")
        expect(() =>
          eventSchema.parse(JSON.parse(lines.at(-1) ?? "")),
        ).toThrow();
      else
        expect(eventSchema.parse(JSON.parse(lines.at(-1) ?? ""))).toMatchObject(
          ending,
        );
      expect(exit).toBe(code);
      expect(await fakeClaudeStarts(run.startsFile)).toHaveLength(1);
    },
  );

  test("ends by itself or is one of the processes that a test has to end", () => {
    const endless = [
      "hangs-silently",
      "hangs-with-a-grandchild",
      "ignores-signals",
      "stops-on-sigint",
    ];
    expect([...Object.keys(endings), ...endless].toSorted()).toEqual([
      ...FAKE_CLAUDE_NAMES,
    ]);
  });
});
