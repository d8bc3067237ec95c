// Runs that end with an answer, however odd the way there: the whole answer, the spool
// as Claude wrote it, one start, and nothing left running.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { sessionIdOf } from "../../src/claude/command.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { fakeClaude } from "../fake-claude/fake-claude.ts";
import { consulting, temporaryDirectory } from "./consulting.ts";
import { anyNumber, anyReceipt, matching } from "./matching.ts";

describe("an answer", () => {
  test("is whole, in the outcome and in the spool", async () => {
    await using here = consulting({ program: "answers" });
    const { id, outcome, spool } = await here.ask();
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 20,
      server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
      service_tier: "standard",
    };
    const modelUsage = {
      inputTokens: 10,
      outputTokens: 20,
      cacheReadInputTokens: 0,
      cacheCreationInputTokens: 0,
      webSearchRequests: 0,
      costUSD: 0.00044,
      contextWindow: 1_000_000,
      maxOutputTokens: 128_000,
    };
    expect<unknown>(outcome).toEqual({
      status: "done",
      answer: {
        response: "The answer is 42.",
        consult_id: id,
        cwd: here.cwd,
        prompt: "What is the answer?",
        max_turns: null,
        model: "claude-opus-5-5",
        duration_ms: 99,
        duration_api_ms: 23,
        num_turns: 1,
        stop_reason: "end_turn",
        session_id: sessionIdOf(id),
        total_cost_usd: 0.00044,
        usage,
        model_usage: { "claude-opus-5-5": modelUsage },
        permission_denials: [],
        fast_mode_state: "off",
        uuid: matching(/^[0-9a-f-]{36}$/),
        receipt: anyReceipt(),
      },
    });
    expect(spool.readOutcome()).toEqual(outcome);
    expect(await here.survivors()).toEqual([]);
  });

  test.each([
    ["answers", 1, "The answer is 42.", 0],
    ["answers-slowly", 5, "The answer is 42.", 0],
    ["continued-answer", 2, "The answer has two halves: forty and two.", 0],
    ["uses-tools", 2, "The answer is 42.", 1],
    ["garbage-then-answers", 1, "The answer is 42.", 0],
    ["splits-utf8", 1, "Größe 42 €, 🙂.", 0],
    ["noisy-stderr", 1, "The answer is 42.", 0],
    ["floods-stdout", 1, "The answer is 42.", 0],
    ["holds-stdout-open", 1, "The answer is 42.", 0],
    ["leaves-a-grandchild", 1, "The answer is 42.", 0],
    ["restricted-missing", 1, "The answer is 42.", 0],
    ["slow-version", 1, "The answer is 42.", 0],
  ] as const)(
    "of %s takes %d turns, reads %j, with %d denials, and leaves nothing running",
    async (program, turns, response, denials) => {
      await using here = consulting({ program });
      const { outcome } = await here.ask();
      const answer = outcome.status === "done" ? outcome.answer : undefined;
      expect([
        answer?.num_turns,
        answer?.response,
        answer?.permission_denials.length,
      ]).toEqual([turns, response, denials]);
      expect(await here.survivors()).toEqual([]);
      expect((await here.starts()).length).toBe(1);
    },
  );

  test.each(["holds-stdout-open", "leaves-a-grandchild"] as const)(
    "of %s had a grandchild to end",
    async (program) => {
      await using here = consulting({ program });
      await here.ask();
      expect((await here.grandchildren()).length).toBe(1);
    },
  );

  test("of 10 MiB is exact", async () => {
    await using here = consulting({ program: "long-answer" });
    const { outcome } = await here.ask();
    const response =
      outcome.status === "done" ? outcome.answer.response : undefined;
    // Compared as a fact: the difference of two such texts helps nobody.
    expect(response === "0123456789abcde\n".repeat(655_360)).toBe(true);
  });
});

describe("the start of Claude", () => {
  test("is one, in the directory, with the command and environment of a consult", async () => {
    await using here = consulting({
      program: "answers",
      environment: {
        CLAUDECODE: "1",
        FAKE_CLAUDE_RECORD_ENV: "CONSULT_RUN_ID,CLAUDE_CODE_MAX_RETRIES",
        PHONE_OPUS_CLAUDE_MAX_RETRIES: "1",
      },
    });
    const { id } = await here.ask({ request: { model: "opus" } });
    const [start, ...more] = await here.starts();
    expect(more).toEqual([]);
    expect(start?.cwd).toBe(here.cwd);
    expect(start?.env).toEqual({
      CONSULT_RUN_ID: id,
      CLAUDE_CODE_MAX_RETRIES: "1",
    });
    const names = start?.envKeys ?? [];
    expect(names).not.toContain("CLAUDECODE");
    expect(names.filter((name) => name.startsWith("PHONE_OPUS_"))).toEqual([]);
    expect(start?.argv.slice(-4)).toEqual([
      "--model",
      "opus",
      "--session-id",
      sessionIdOf(id),
    ]);
    expect(start?.argv).toContain("--restricted");
  });

  test("of a version without the restricted mode does not ask for it", async () => {
    await using here = consulting({ program: "restricted-missing" });
    await here.ask();
    expect((await here.starts())[0]?.argv).not.toContain("--restricted");
  });
});

describe("the spool", () => {
  test.each([
    "answers",
    "garbage-then-answers",
    "splits-utf8",
    "half-a-line",
    "floods-stdout",
    "long-answer",
  ] as const)("has every byte that %s wrote", async (program) => {
    using directory = temporaryDirectory();
    const copy = join(directory.path, "copy");
    const path = copying(directory.path, program, copy);
    await using here = consulting({ program: { path } });
    const { spool } = await here.ask();
    const kept = readFileSync(spool.stdoutPath);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(readFileSync(copy))).toBe(true);
  });

  test("has standard error, the request, the prompt and the run, all private", async () => {
    await using here = consulting({ program: "noisy-stderr" });
    const request = { prompt: "/why?", cwd: here.cwd, max_turns: 3 };
    const { spool } = await here.ask({ request });
    const path = (name: string) => join(spool.directory, name);
    const json = async (name: string): Promise<unknown> =>
      Bun.file(path(name)).json();
    expect(statSync(spool.stderrPath).size).toBe(20 * 1024 * 1024);
    expect(await json("request.json")).toEqual(request);
    expect(readFileSync(spool.promptPath, "utf8")).toBe("\n/why?");
    const [start] = await here.starts();
    expect(await json("run.json")).toEqual({
      process: { pid: start?.pid, start_time: matching(/^\d+$/) },
      started_unix_ms: anyNumber(),
      deadline_unix_ms: anyNumber(),
      claude_path: fakeClaude("noisy-stderr"),
      claude_version: "2.1.329",
      arguments: start?.argv,
      git: "absent",
      sandbox: {
        kind: "none",
        detail: "switched off by PHONE_OPUS_SANDBOX",
        is_complete: true,
      },
    });
    expect(statSync(spool.directory).mode & 0o777).toBe(0o700);
    for (const name of [
      "request.json",
      "prompt",
      "stdout.jsonl",
      "stderr.txt",
      "run.json",
      "outcome.json",
    ]) {
      expect([name, statSync(path(name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    expect(existsSync(path("outcome.json"))).toBe(true);
  });
});

describe("progress", () => {
  test("is told while the answer comes about", async () => {
    // Each of its four steps takes longer than a missed change goes unseen.
    await using here = consulting({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "1600" },
    });
    const seen = new Set<string | undefined>();
    await here.ask({ onProgress: ({ activity }) => seen.add(activity) });
    expect(seen.has("Read part-4.ts")).toBe(true);
  });
});

/** A program that does what the named one does, and keeps a copy of its stdout. */
function copying(directory: string, name: FakeClaudeName, copy: string) {
  const path = join(directory, "claude");
  const real = fakeClaude(name);
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && exec '${real}' "$@"\n'${real}' "$@" | tee '${copy}'\n`,
  );
  chmodSync(path, 0o755);
  return path;
}
