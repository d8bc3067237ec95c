// Promise 1, shown by killing: whatever dies, each consult is answered and Claude was
// started once for it. `npm run chaos` runs the long form.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { consultIdSchema } from "../../src/base/ids.ts";
import { fakeClaude, fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import { isLong, seed } from "./form.ts";
import { makeScene, type Scene } from "./scene.ts";
import {
  type ChaosSession,
  seededRandom,
  startSession,
  survivors,
  until,
} from "./session.ts";

const random = seededRandom(seed);
/** Sessions at a time × waves × consults in each. */
const form = isLong
  ? { sessions: 4, waves: 5, consults: 10, runMs: 3000 }
  : { sessions: 2, waves: 2, consults: 5, runMs: 1500 };

function responseOf(answer: { result?: unknown }): unknown {
  const { result } = answer;
  return result !== null &&
    typeof result === "object" &&
    "structuredContent" in result
    ? result.structuredContent
    : result;
}

async function ticketFor(session: ChaosSession, prompt: string) {
  const arguments_ = { prompt, render: "json", wait_s: 0 };
  const { result } = await session.call("consult", arguments_);
  return consultIdSchema.parse(result?.structuredContent?.["consult_id"]);
}

const claudeRuns = ({ startsFile }: Scene) =>
  until(
    "Claude runs",
    async () => (await fakeClaudeStarts(startsFile)).length === 1,
    5000,
  );

test(`a worker killed at any moment loses no answer (seed ${seed})`, async () => {
  using scene = makeScene({ FAKE_CLAUDE_MS: String(form.runMs) });
  for (let wave = 0; wave < form.waves; wave += 1) {
    await Promise.all(
      Array.from({ length: form.sessions }, async (_, index) => {
        await using session = await startSession(scene.environment, scene.home);
        const answers = Array.from({ length: form.consults }, (__, number) =>
          session.call("consult", {
            prompt: `question ${wave}.${index}.${number}`,
            render: "json",
          }),
        );
        await Bun.sleep(random() * form.runMs);
        for (const pid of session.workerPids()) process.kill(pid, "SIGKILL");
        for (const answer of await Promise.all(answers)) {
          expect(responseOf(answer)).toMatchObject({
            response: "The answer is 42.",
          });
        }
      }),
    );
  }
  const runs = form.waves * form.sessions * form.consults;
  expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(runs);
  await until("all over", () => survivors(scene.stateHome).length === 0, 5000);
});

test(`host and worker killed at any moment lose no answer (seed ${seed})`, async () => {
  using scene = makeScene({ FAKE_CLAUDE_MS: String(form.runMs) });
  const ids: string[] = [];
  for (let wave = 0; wave < form.waves; wave += 1) {
    await Promise.all(
      Array.from({ length: form.sessions }, async (_, index) => {
        const session = await startSession(scene.environment, scene.home);
        for (let number = 0; number < form.consults; number += 1) {
          const prompt = `question ${wave}.${index}.${number}`;
          ids.push(await ticketFor(session, prompt));
        }
        await Bun.sleep(random() * form.runMs);
        for (const pid of [session.pid, ...session.workerPids()]) {
          process.kill(pid, "SIGKILL");
        }
        await session.exited;
      }),
    );
  }
  await using successor = await startSession(scene.environment, scene.home);
  const answers = await Promise.all(
    ids.map((consult_id) =>
      successor.call("consult_wait", { consult_id, render: "json" }),
    ),
  );
  for (const [index, answer] of answers.entries()) {
    expect(responseOf(answer)).toMatchObject({
      response: "The answer is 42.",
      consult_id: ids[index],
    });
  }
  expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(ids.length);
});

test("without a ticket and a successor a run ends when its grace is over", async () => {
  using scene = makeScene({
    PHONE_OPUS_ORPHAN_GRACE_S: "2",
    FAKE_CLAUDE_MS: "60000",
    PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers-slowly"),
  });
  const session = await startSession(scene.environment, scene.home);
  session.ask("consult", { prompt: "a long question" });
  await claudeRuns(scene);
  for (const pid of [session.pid, ...session.workerPids()]) {
    process.kill(pid, "SIGKILL");
  }
  await session.exited;
  expect(survivors(scene.stateHome).length).toBeGreaterThan(0);
  await until("all gone", () => survivors(scene.stateHome).length === 0, 5000);
});

test("a run whose runner was killed too is adopted, not started again", async () => {
  using scene = makeScene({ FAKE_CLAUDE_MS: "2000" });
  const session = await startSession(scene.environment, scene.home);
  const consult_id = await ticketFor(session, "a question");
  const spool = join(scene.stateHome, "phone_opus/consults", consult_id);
  await claudeRuns(scene);
  const runner = z
    .object({ pid: z.int() })
    .parse(await Bun.file(join(spool, "runner.1.json")).json());
  for (const pid of [session.pid, ...session.workerPids(), runner.pid]) {
    process.kill(pid, "SIGKILL");
  }
  await session.exited;
  await using successor = await startSession(scene.environment, scene.home);
  const answer = await successor.call("consult_wait", {
    consult_id,
    render: "json",
  });
  expect(responseOf(answer)).toMatchObject({
    consult_id,
    response: "The answer is 42.",
  });
  expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(1);
});

test("a run that died unseen is told as unknown, with the session to resume", async () => {
  using scene = makeScene({ FAKE_CLAUDE_MS: "60000" });
  const session = await startSession(scene.environment, scene.home);
  const consult_id = await ticketFor(session, "a question");
  await claudeRuns(scene);
  const stdout = join(
    scene.stateHome,
    "phone_opus/consults",
    consult_id,
    "stdout.jsonl",
  );
  await until("it has begun", () => Bun.file(stdout).size > 0, 5000);
  for (const pid of survivors(scene.stateHome)) process.kill(pid, "SIGKILL");
  await session.exited;
  await using successor = await startSession(scene.environment, scene.home);
  const answer = await successor.call("consult_wait", { consult_id });
  expect(answer.result).toMatchObject({
    isError: true,
    structuredContent: {
      fault: { code: "outcome_unknown" },
      consult_id,
      session_id: consult_id
        .slice(2)
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    },
  });
  expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(1);
});
