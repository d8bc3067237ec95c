// After every kind of ending, no process that phone-opus started is alive: by group,
// by descent and by the marker in the environment, grandchildren included.

import { describe, expect, test } from "bun:test";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { createSandbox } from "../process/sandbox.ts";
import { startHost, textOf } from "./host.ts";

describe("when a consult is answered, nothing of it is left", () => {
  test.each([
    ["success", "answers", {}, undefined],
    ["success with a grandchild", "leaves-a-grandchild", {}, undefined],
    ["success with its stdout held open", "holds-stdout-open", {}, undefined],
    ["failure", "exits-7", {}, "downstream_failure"],
    ["a crash", "crashes-midway", {}, "downstream_failure"],
    ["time-out", "hangs-silently", { timeout_s: 0.5 }, "timeout"],
    [
      "time-out with a grandchild",
      "hangs-with-a-grandchild",
      { timeout_s: 0.5 },
      "timeout",
    ],
    [
      "time-out of one that ignores signals",
      "ignores-signals",
      { timeout_s: 0.5 },
      "timeout",
    ],
  ] as const)("by %s", async (_, claude, args, code) => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment(claude, { PHONE_OPUS_STOP_GRACE_S: "0.3" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?", ...args });
    const { result } = await host.answer(1);
    expect(await sandbox.runsLeft()).toEqual([]);
    expect(await sandbox.starts()).toHaveLength(1);
    expect(sandbox.grandchildren()).toHaveLength(
      /grandchild|holds/.test(claude) ? 1 : 0,
    );
    if (code === undefined) {
      expect(textOf(result)).toEndWith("The answer is 42.");
    } else {
      expect(result).toMatchObject({
        isError: true,
        structuredContent: { fault: { code } },
      });
    }
  });

  test("by silence for longer than the idle limit", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild", {
        PHONE_OPUS_IDLE_TIMEOUT_S: "1",
      }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    const { result } = await host.answer(1);
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { fault: { code: "timeout", class: "timeout" } },
    });
    expect(await sandbox.runsLeft()).toEqual([]);
  });
});

describe("when a consult is cancelled, nothing of it is left", () => {
  test.each([
    "answers-slowly",
    "hangs-silently",
    "hangs-with-a-grandchild",
    "ignores-signals",
    "stops-on-sigint",
  ] as const)("of %s", async (claude) => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment(claude, { PHONE_OPUS_STOP_GRACE_S: "0.3" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    await sandbox.untilStarted(1);
    expect((await sandbox.runsLeft()).length).toBeGreaterThan(0);
    await host.notify("notifications/cancelled", { requestId: 1 });
    await sandbox.untilNoRuns();
    await host.request(2, "ping");
    await host.answer(2);
    expect(host.answers().map(({ id }) => id)).toEqual(["initialize", 2]);
  });
});

/** A host with two consults under way, and everything that they started. */
async function busyHost(
  claude: FakeClaudeName,
  more: Readonly<Record<string, string>> = {},
) {
  const sandbox = await createSandbox();
  const host = startHost(
    sandbox,
    sandbox.environment(claude, { PHONE_OPUS_STOP_GRACE_S: "0.3", ...more }),
  );
  await host.initialize();
  await host.call(1, "consult", { prompt: "one" });
  await host.call(2, "consult", { prompt: "two" });
  await sandbox.untilStarted(2);
  // Two runs with a runner each, the host, its worker.
  expect((await sandbox.processesLeft()).length).toBeGreaterThanOrEqual(6);
  return {
    sandbox,
    host,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

describe("when the host ends with consults under way, nothing is left", () => {
  test.each(["hangs-with-a-grandchild", "ignores-signals"] as const)(
    "by the end of its input, %s",
    async (claude) => {
      await using busy = await busyHost(claude);
      busy.host.piped.closeStdin();
      expect(await busy.host.piped.exited).toBe(0);
      await busy.sandbox.untilNothingRuns();
    },
  );

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("by %s", async (name) => {
    await using busy = await busyHost("hangs-with-a-grandchild");
    busy.host.piped.kill(name);
    expect(await busy.host.piped.exited).toBe(0);
    await busy.sandbox.untilNothingRuns();
  });

  test("by SIGTERM and the end of its input together", async () => {
    await using busy = await busyHost("hangs-with-a-grandchild");
    busy.host.piped.kill("SIGTERM");
    busy.host.piped.closeStdin();
    expect(await busy.host.piped.exited).toBe(0);
    await busy.sandbox.untilNothingRuns();
  });

  test("by SIGKILL of the host alone, once its grace is over", async () => {
    await using busy = await busyHost("hangs-with-a-grandchild", {
      PHONE_OPUS_ORPHAN_GRACE_S: "2",
    });
    busy.host.piped.kill("SIGKILL");
    await busy.host.piped.exited;
    expect((await busy.sandbox.runsLeft()).length).toBeGreaterThan(0);
    await busy.sandbox.untilNothingRuns();
  });
});
