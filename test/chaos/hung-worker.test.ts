// A worker that neither dies nor answers, for real: stopped by a signal that it cannot
// refuse.

import { expect, setDefaultTimeout, test } from "bun:test";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import { makeScene } from "./scene.ts";
import { startSession, until } from "./session.ts";

setDefaultTimeout(90_000);

test("a worker that hangs costs half a minute, and no answer", async () => {
  using scene = makeScene({ FAKE_CLAUDE_MS: "500" });
  await using session = await startSession(scene.environment, scene.home);
  const answer = session.call("consult", { prompt: "Why?", render: "json" });
  await until(
    "Claude runs",
    async () => (await fakeClaudeStarts(scene.startsFile)).length === 1,
    10_000,
  );
  const hung = session.workerPids();
  expect(hung).toHaveLength(1);
  for (const pid of hung) process.kill(pid, "SIGSTOP");
  const health = await session.call("health_snapshot", { render: "json" });
  expect(health.result?.isError).toBe(false);
  const { result } = await answer;
  expect(result?.structuredContent).toMatchObject({
    response: "The answer is 42.",
  });
  expect(session.workerPids()).not.toEqual(hung);
  expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(1);
});
