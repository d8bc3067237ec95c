// A host on its way to another image that does not get there, and what it is then.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { frameOf, opened, ownTools } from "./continuing.ts";
import { proof } from "./fake-candidate.ts";
import { workerResult } from "./fake-keeper.ts";
import { request } from "./sessions.ts";

const refused = (text: string) => ({
  result: {
    structuredContent: {
      rollout: "refused",
      rollout_reason: expect.stringContaining(text) as unknown,
    },
  },
});

describe("a handoff that fails", () => {
  test("leaves nothing behind, and the session goes on with its calls", async () => {
    await using here = await opened();
    here.call(1, "consult", { prompt: "Why?" });
    const worker = await here.workers.worker(1);
    worker.hello();
    const { id, consult_id: consultId } = await worker.execution(1);
    worker.accept(id, consultId);
    await here.swap("another binary");
    await here.capsule();
    await here.drive("it is taken back", () => here.signals.length === 2);
    expect(here.signals).toEqual(["hidden", "shown"]);
    const second = await here.workers.worker(2);
    second.hello();
    const again = await second.execution(1);
    expect(again).toMatchObject({
      operation: "consult",
      consult_id: consultId,
    });
    expect(again.arguments).toEqual({ prompt: "Why?" });
    second.answer(again.id, workerResult(consultId, "Why?"));
    expect(await here.answer(1)).toMatchObject({ result: {} });
    expect(here.answersTo(1)).toHaveLength(1);
    expect(readdirSync(here.paths.handoffs)).toEqual([]);
    const left = readdirSync(here.paths.capsules);
    expect(left.filter((name) => name.startsWith("capsule"))).toEqual([]);
    expect(await here.health(2)).toMatchObject({
      result: {
        structuredContent: {
          rollout: "pending",
          rollout_reason:
            "The new binary could not take over (EPERM: not in a test).",
        },
      },
    });
  });

  test("is not tried with a file that nobody has proven", async () => {
    await using here = await opened();
    here.setDrained(false);
    await here.swap("another binary");
    await here.drive("it is under way", () => here.signals.length === 1);
    here.put("half of a third");
    here.setDrained(true);
    await here.drive("it is taken back", () => here.signals.length === 2);
    expect(here.replacements).toEqual([]);
    expect(await here.health(1)).toMatchObject({
      result: { structuredContent: { rollout: "pending", last_fault: null } },
    });
    // That one goes the whole way itself.
    await here.drive(
      "the third is rehearsed",
      () => here.candidates.started.length === 2,
    );
  });

  test("for an overlong line in progress says so, and the line is refused", async () => {
    await using here = await opened("test", {
      PHONE_OPUS_MAX_LINE_BYTES: "4096",
    });
    here.write("x".repeat(5000));
    await here.swap("another binary");
    await here.drive("it is taken back", () => here.signals.length === 2);
    expect(here.replacements).toEqual([]);
    expect(here.logged.join("\n")).toContain(
      "what the client sends could not be kept whole",
    );
    here.write("\n");
    await here.drive("it is refused", () =>
      here.output.lines.some((line) => line.includes("-32700")),
    );
  });

  test("does not happen to a host that was told to end", async () => {
    await using here = await opened();
    here.setDrained(false);
    await here.swap("another binary");
    await here.drive("it is under way", () => here.signals.length === 1);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    here.write(`${frameOf(request(7, "ping"))}\n`);
    here.host.end();
    here.setDrained(true);
    await here.drive("it is taken back", () => here.signals.length === 2);
    expect(here.replacements).toEqual([]);
    expect(here.answersTo(7)).toHaveLength(1);
  });
});

describe("a candidate whose catalogue breaks calls", () => {
  const fewer = ownTools().filter(({ name }) => name !== "consult_wait");
  const listed = async (clientName: string) => {
    const here = await opened(clientName);
    here.send(request("list", "tools/list"));
    await here.answer("list");
    await here.swap("another binary", fewer);
    return here;
  };

  test("is refused for a client that keeps its catalogue", async () => {
    await using here = await listed("codex-mcp-client");
    await here.drive("it is refused", () => here.logged.length > 0);
    expect(await here.health(1)).toMatchObject(
      refused("it has no tool consult_wait"),
    );
    expect(here.replacements).toEqual([]);
    expect(here.logged).toHaveLength(1);
  });

  test("is refused, too, when the client was shown it meanwhile", async () => {
    await using here = await opened("codex-mcp-client");
    here.put("another binary");
    const count = () => here.candidates.started.length;
    await here.drive("it is rehearsed", () => count() === 1);
    here.send(request("list", "tools/list"));
    await here.answer("list");
    const candidate = await here.candidates.candidate(1);
    candidate.print(proof(fewer));
    candidate.end();
    await here.drive("it is judged", () => here.logged.length > 0);
    expect(await here.health(1)).toMatchObject(
      refused("it has no tool consult_wait"),
    );
    expect(here.replacements).toEqual([]);
  });

  test("is taken for a client that reads it again, or never did", async () => {
    await using here = await listed("claude-code");
    await here.capsule();
    await using unread = await opened("codex-mcp-client");
    await unread.swap("another binary", fewer);
    await unread.capsule();
  });

  test("and is no catalogue at all is refused, not waited for", async () => {
    await using here = await opened();
    here.send(request("list", "tools/list"));
    await here.answer("list");
    const odd = ownTools().map(({ name }) => ({
      name,
      inputSchema: { properties: 7, required: "all" },
    }));
    await here.swap("another binary", odd);
    await here.drive("it is refused", () => here.logged.length > 0);
    expect(await here.health(1)).toMatchObject(refused("would break calls"));
  });
});

test("a switched-off rollout never looks", async () => {
  await using here = await opened("test", { PHONE_OPUS_ROLLOUT: "off" });
  here.put("another binary");
  here.clock.advance(60_000);
  expect(here.candidates.started).toEqual([]);
  expect(existsSync(here.paths.handoffs)).toBe(false);
  expect(await here.health(1)).toMatchObject({
    result: { structuredContent: { rollout: "pending" } },
  });
});

test("a forced rollout happens once, at its operation", async () => {
  await using here = await opened("test", {
    PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY: "ping",
  });
  here.send(request(1, "ping"));
  const candidate = await here.candidates.candidate(1);
  candidate.end({ code: 1 });
  await here.drive("it is refused", () => here.logged.length > 0);
  here.send(request(2, "ping"));
  await here.answer(2);
  here.clock.advance(5000);
  expect(here.candidates.started).toHaveLength(1);
});
