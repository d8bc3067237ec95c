// Consults over the wire as lines: many at once, progress, cancellation.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { isAlive } from "../process/processes.ts";
import { createSandbox } from "../process/sandbox.ts";
import { startHost, textOf } from "./host.ts";

const answer = "The answer is 42.";

describe("at once", () => {
  test("six consults all start before the first is answered", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "2000" }),
    );
    await host.initialize();
    const ids = [1, 2, 3, 4, 5, 6];
    for (const id of ids) await host.call(id, "consult", { prompt: `n ${id}` });
    await sandbox.untilStarted(ids.length);
    const early = host.answers().filter(({ id }) => id !== "initialize");
    expect(early).toEqual([]);
    for (const id of ids) {
      expect(textOf((await host.answer(id)).result)).toEndWith(answer);
    }
    expect(await sandbox.starts()).toHaveLength(ids.length);
  });

  test("ping and health are answered while a consult runs, and before it", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1000" }),
    );
    await host.initialize();
    await host.call("consult", "consult", { prompt: "Why?" });
    await sandbox.untilStarted(1);
    await host.request("ping", "ping");
    await host.call("health", "health_snapshot", { render: "json" });
    expect((await host.answer("ping")).result).toEqual({});
    expect((await host.answer("health")).result).toMatchObject({
      structuredContent: { running_consults: 1, worker_alive: true },
    });
    await host.answer("consult");
    expect(host.answers().map(({ id }) => id)).toEqual([
      "initialize",
      "ping",
      "health",
      "consult",
    ]);
  });
});

describe("progress", () => {
  test.each([["a token"], [0], [""]])(
    "comes under the token %j and under no other",
    async (progressToken) => {
      await using sandbox = await createSandbox();
      await using host = startHost(
        sandbox,
        sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1200" }),
      );
      await host.initialize();
      await host.call(1, "consult", { prompt: "one" }, { progressToken });
      await host.call(2, "consult", { prompt: "two" });
      await Promise.all([host.answer(1), host.answer(2)]);
      const told = host.progress().map(({ params }) => params);
      expect(told.length).toBeGreaterThan(0);
      for (const params of told) {
        expect(params?.["progressToken"]).toBe(progressToken);
        expect(params?.["progress"]).toBeNumber();
        expect(params?.["message"]).toBeString();
      }
    },
  );

  test("does not come without a token, nor after the answer", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1200" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "one" });
    await host.answer(1);
    expect(host.progress()).toEqual([]);
    await host.call(2, "consult", { prompt: "two" }, { progressToken: 2 });
    await host.answer(2);
    await host.request(3, "ping");
    await host.answer(3);
    const kinds = host.printed().map((each) => ("id" in each ? each.id : "p"));
    expect(kinds.lastIndexOf("p")).toBeLessThan(kinds.indexOf(2));
    expect(kinds).toContain("p");
  });
});

describe("cancellation", () => {
  test("stops Claude and its children, is not answered, and frees the id", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    await sandbox.untilStarted(1);
    await host.notify("notifications/cancelled", {
      requestId: 1,
      reason: "enough",
    });
    await sandbox.untilNoRuns();
    let asked = 1;
    await until("health knows that the consult is over", async () => {
      asked += 1;
      await host.call(asked, "health_snapshot", {});
      return !textOf((await host.answer(asked)).result).includes("running=");
    });
    expect(host.answers().map(({ id }) => id)).not.toContain(1);
    await host.request(1, "ping");
    expect((await host.answer(1)).result).toEqual({});
  });

  test("frees the id at once: the next consult under it can be cancelled too", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("ignores-signals", {
        PHONE_OPUS_STOP_GRACE_S: "0.3",
      }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "one" });
    await sandbox.untilStarted(1);
    await host.notify("notifications/cancelled", { requestId: 1 });
    await host.call(1, "consult", { prompt: "two" });
    await sandbox.untilStarted(2);
    const [first] = await sandbox.starts();
    await until("the first is gone", () => !isAlive(first?.pid ?? 0));
    expect((await sandbox.runsLeft()).length).toBeGreaterThan(0);
    expect(host.answers().map(({ id }) => id)).toEqual(["initialize"]);
    await host.notify("notifications/cancelled", { requestId: 1 });
    await sandbox.untilNoRuns();
    expect(host.answers().map(({ id }) => id)).toEqual(["initialize"]);
  });

  test("of one consult leaves the others alone; of an unknown one does nothing", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1000" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "one" });
    await host.call(2, "consult", { prompt: "two" });
    await sandbox.untilStarted(2);
    await host.notify("notifications/cancelled", { requestId: 1 });
    await host.notify("notifications/cancelled", { requestId: "no such" });
    await host.notify("notifications/cancelled", {});
    expect(textOf((await host.answer(2)).result)).toEndWith(answer);
    expect(host.answers().map(({ id }) => id)).toEqual(["initialize", 2]);
  });

  test("in the same breath as the call leaves nothing running", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    await host.notify("notifications/cancelled", { requestId: 1 });
    await host.call(2, "consult", { prompt: "Why not?", timeout_s: 0.5 });
    expect((await host.answer(2)).result).toMatchObject({ isError: true });
    await sandbox.untilNoRuns();
    expect(host.answers().map(({ id }) => id)).toEqual(["initialize", 2]);
  });
});
