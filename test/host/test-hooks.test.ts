// The wishes of tests: each once, at its own operation, and never by itself.

import { expect, test } from "bun:test";
import { createTestHooks } from "../../src/host/test-hooks.ts";

const consult = "tools/call:consult";
const both = {
  PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY: consult,
  PHONE_OPUS_MCP_TEST_WORKER_CRASH_ONCE_KEY: "ping",
};

test("without its variable a hook takes nothing", () => {
  for (const environment of [
    {},
    { PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY: undefined },
    { PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY: "" },
  ]) {
    const hooks = createTestHooks(environment);
    expect(hooks.takes("force_rollout", consult)).toBe(false);
    expect(hooks.takes("crash_worker", consult)).toBe(false);
    expect(hooks.spent()).toEqual([]);
  }
});

test("a hook takes its operation, once", () => {
  const hooks = createTestHooks(both);
  expect(hooks.takes("force_rollout", "ping")).toBe(false);
  expect(hooks.takes("force_rollout", "tools/call:consult_wait")).toBe(false);
  expect(hooks.spent()).toEqual([]);
  expect(hooks.takes("force_rollout", consult)).toBe(true);
  expect(hooks.takes("force_rollout", consult)).toBe(false);
  expect(hooks.spent()).toEqual(["force_rollout"]);
  expect(hooks.takes("crash_worker", "ping")).toBe(true);
  expect(hooks.spent()).toEqual(["force_rollout", "crash_worker"]);
});

test("what an earlier image has done is not done again", () => {
  const hooks = createTestHooks(both, ["force_rollout", "of another version"]);
  expect(hooks.takes("force_rollout", consult)).toBe(false);
  expect(hooks.takes("crash_worker", "ping")).toBe(true);
  expect(hooks.spent()).toEqual(["force_rollout", "crash_worker"]);
});
