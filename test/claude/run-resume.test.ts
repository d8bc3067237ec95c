// Going on with an earlier conversation: by the id of a consult, answered or failed, or
// by Claude's own session id.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsultId } from "../../src/base/ids.ts";
import { runConsult } from "../../src/claude/run.ts";
import { sessionIdOf } from "../../src/claude/command.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { parseSettings } from "../../src/sys/settings.ts";
import { fakeClaude, type FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { consulting } from "./consulting.ts";

type Here = ReturnType<typeof consulting>;

/** What Claude's command line says of sessions. */
async function sessionWords(here: Here): Promise<string[]> {
  const words = (await here.starts()).at(-1)?.argv ?? [];
  const first = words.findIndex((word) =>
    ["--resume", "--session-id"].includes(word),
  );
  return words.slice(first);
}

/** A consult in the same state, by another program. */
async function askAs(
  here: Here,
  program: FakeClaudeName,
  id: ConsultId,
  request: Partial<ConsultRequest> = {},
) {
  const settings = parseSettings({
    PHONE_OPUS_CLAUDE_BIN: fakeClaude(program),
  });
  if (!settings.ok) throw new Error(settings.problem);
  return runConsult(
    { ...here.ports, settings: settings.settings },
    {
      consultId: id,
      request: { prompt: "Why?", cwd: here.cwd, ...request },
      signal: new AbortController().signal,
      onProgress: () => {},
    },
  );
}

describe("resume", () => {
  test("by the id of an answered consult goes on with its session", async () => {
    await using here = consulting({ program: "answers" });
    const first = await here.ask();
    const second = await here.ask({ request: { resume: first.id } });
    expect(await sessionWords(here)).toEqual([
      "--resume",
      sessionIdOf(first.id),
    ]);
    expect(second.outcome).toMatchObject({
      status: "done",
      answer: { consult_id: second.id, session_id: sessionIdOf(first.id) },
    });
  });

  test("goes on through any number of consults in one session", async () => {
    await using here = consulting({ program: "answers" });
    const first = await here.ask();
    const second = await here.ask({ request: { resume: first.id } });
    await here.ask({ request: { resume: second.id } });
    expect(await sessionWords(here)).toEqual([
      "--resume",
      sessionIdOf(first.id),
    ]);
  });

  test("with fork branches off into the session of the new consult", async () => {
    await using here = consulting({ program: "answers" });
    const first = await here.ask();
    const fork = await here.ask({ request: { resume: first.id, fork: true } });
    expect(await sessionWords(here)).toEqual([
      "--resume",
      sessionIdOf(first.id),
      "--fork-session",
      "--session-id",
      sessionIdOf(fork.id),
    ]);
    expect(fork.outcome).toMatchObject({
      answer: { session_id: sessionIdOf(fork.id) },
    });
  });

  test.each(["max-turns", "crashes-midway", "rate-limited"] as const)(
    "by the id of a consult that failed by %s goes on with its session",
    async (program) => {
      await using here = consulting({ program: "answers" });
      const id = newConsultId();
      await askAs(here, program, id);
      const { outcome } = await here.ask({ request: { resume: id } });
      expect(await sessionWords(here)).toEqual(["--resume", sessionIdOf(id)]);
      expect(outcome.status).toBe("done");
    },
  );

  test("by a session id of Claude's passes it on", async () => {
    await using here = consulting({ program: "answers" });
    const resume = "6a7f4baf-c083-4b9f-b75c-15c78d7675a5";
    const { outcome } = await here.ask({ request: { resume } });
    expect(await sessionWords(here)).toEqual(["--resume", resume]);
    expect(outcome).toMatchObject({ answer: { session_id: resume } });
  });

  test("by the id of a consult that nobody knows asks nothing", async () => {
    await using here = consulting({ program: "answers" });
    const resume = newConsultId();
    const { outcome } = await here.ask({ request: { resume } });
    expect<unknown>(outcome).toEqual({
      status: "failed",
      fault: {
        fault: {
          generation: 1,
          class: "downstream",
          code: "downstream_failure",
          directive: "abort_request",
          detail: `There is no finished consult ${resume}: check the id, or leave resume out.`,
          reason: "session_unknown",
        },
        stage: "claude",
        operation: "tools/call:consult",
        jsonrpc_code: -32603,
        retryable: false,
        retried: false,
      },
    });
    expect(await here.starts()).toEqual([]);
  });

  test.each(["", "{", '{"status":"new"}'])(
    "by the id of a consult whose outcome reads %j asks nothing",
    async (content) => {
      await using here = consulting({ program: "answers" });
      const first = await here.ask();
      writeFileSync(join(first.spool.directory, "outcome.json"), content);
      const { outcome } = await here.ask({ request: { resume: first.id } });
      expect(outcome).toMatchObject({
        fault: { fault: { reason: "session_unknown" } },
      });
      expect((await here.starts()).length).toBe(1);
    },
  );
});
