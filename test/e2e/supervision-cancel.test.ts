// A call that is cancelled while no worker can be told of it: its run ends all the same.

import {
  afterEach,
  beforeEach,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { makeScene, type Scene } from "../chaos/scene.ts";
import { survivors, until } from "../chaos/session.ts";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import { connect } from "./supervision-client.ts";

setDefaultTimeout(30_000);

let scene: Scene;
beforeEach(() => {
  scene = makeScene({ FAKE_CLAUDE_MS: "60000" });
});
afterEach(() => scene[Symbol.dispose]());

test("a cancellation that died with its worker ends the run", async () => {
  await using session = await connect(scene.environment, scene.home);
  const user = new AbortController();
  const answer = session
    .consult("a question", { signal: user.signal })
    .catch((error: unknown) => String(error));
  await until(
    "Claude runs",
    async () => (await fakeClaudeStarts(scene.startsFile)).length === 1,
    10_000,
  );
  const [worker = 0] = session.workers();
  expect(worker).toBeGreaterThan(0);
  // It hangs, so the word reaches its pipe and nobody reads it.
  process.kill(worker, "SIGSTOP");
  user.abort();
  expect(await answer).toContain("abort");
  await session.health();
  process.kill(worker, "SIGKILL");
  await until(
    "host alone is left",
    () => survivors(scene.stateHome).join() === String(session.pid),
    10_000,
  );
});
