// A host that goes on with a session that another image began: no answer is lost or
// given twice, and what was known is known.

import { describe, expect, test } from "bun:test";
import type { Capsule } from "../../src/host/capsule.ts";
import { generationSchema } from "../../src/base/ids.ts";
import {
  continuing,
  frameOf,
  opened,
  settled,
  successor,
} from "./continuing.ts";
import { workerResult } from "./fake-keeper.ts";
import { initialize, modernMeta, request } from "./sessions.ts";

/** A host on the way to its next image, with one consult unanswered as request 1. */
async function consulting(environment = {}) {
  const here = await opened("test", environment);
  here.send(request("list", "tools/list"));
  await here.answer("list");
  here.call(1, "consult", { prompt: "Why?" }, { progressToken: "p" });
  const worker = await here.workers.worker(1);
  worker.hello();
  const { id, consult_id: consultId } = await worker.execution(1);
  worker.accept(id, consultId);
  return { here, consultId };
}

describe("a session", () => {
  test("goes on under its ids, with nothing said twice", async () => {
    const { here, consultId } = await consulting();
    await using _ = here;
    here.write('{"jsonrpc":"2.0","id":2,"met');
    await here.swap("another binary");
    await using next = successor(here, await here.capsule());
    next.write('hod":"ping"}\n');
    expect(await next.answer(2)).toMatchObject({ result: {} });

    const worker = await next.workers.worker(1);
    expect(worker.command.join(" ")).toEndWith("mcp worker --generation 2");
    worker.hello();
    const again = await worker.execution(1);
    expect(again).toMatchObject({
      operation: "consult",
      consult_id: consultId,
      arguments: { prompt: "Why?" },
    });
    const progress = { elapsed_ms: 1, message: "turn 2", queue_position: 0 };
    worker.say({ kind: "progress", id: again.id, progress });
    worker.answer(again.id, workerResult(consultId, "Why?"));
    expect(await next.answer(1)).toMatchObject({
      result: { content: [{ type: "text" }] },
    });
    await settled();
    expect(next.answersTo(1)).toHaveLength(1);
    // The opening and the catalogue are with the client already.
    expect(next.output.lines.filter((line) => line.includes('"init"'))).toEqual(
      [],
    );
    expect(next.output.lines.join()).not.toContain("restored-initialize");
    expect(next.output.lines.join()).not.toContain("list_changed");
    const [first] = next.output.messages();
    expect(first).toMatchObject({ id: 2 });
    expect(next.output.lines.join()).toContain('"progressToken":"p"');
  });

  test("of the newest revision stays so, though a late cancellation comes first", async () => {
    await using here = continuing();
    const health = { name: "health_snapshot", _meta: modernMeta };
    here.send(request(1, "tools/call", health));
    await here.answer(1);
    await here.swap("another binary");
    await using next = successor(here, await here.capsule());
    const params = { requestId: 1 };
    next.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    next.send(request(2, "tools/call", health));
    expect(await next.answer(2)).toMatchObject({
      result: { resultType: "complete" },
    });
  });

  test("tells time on: progress and waits go by the call's beginning", async () => {
    const { here, consultId } = await consulting({ PHONE_OPUS_WAIT_S: "30" });
    await using _ = here;
    here.clock.advance(20_000);
    await here.swap("another binary");
    const capsule = await here.capsule();
    await using next = successor(here, capsule, { PHONE_OPUS_WAIT_S: "30" });
    const begunMs = capsule.calls[0]?.started_ms ?? 0;
    const worker = await next.workers.worker(1);
    worker.hello();
    const { id } = await worker.execution(1);
    worker.accept(id, consultId);
    await next.answer(1);
    // 30 s after the client asked, not after the handoff.
    const tookMs = next.clock.monotonicMs() - begunMs;
    expect(tookMs).toBeGreaterThanOrEqual(30_000);
    expect(tookMs).toBeLessThan(31_000);
    expect(next.answersTo(1).join()).toContain("running");
  });

  test("keeps counting, and counts the rollout", async () => {
    const { here } = await consulting();
    await using _ = here;
    await here.health(2);
    await here.swap("another binary");
    await using next = successor(here, await here.capsule());
    expect(await next.telemetry(3)).toMatchObject({
      result: {
        structuredContent: {
          host_rollouts: 1,
          // initialize, tools/list, consult, health and this one.
          totals: { request_count: 5, success_count: 3 },
        },
      },
    });
    expect(await next.health(4)).toMatchObject({
      result: { structuredContent: { generation: 2, restart_count: 1 } },
    });
  });

  test("goes on over several images", async () => {
    const { here, consultId } = await consulting();
    await using _ = here;
    await here.swap("another binary");
    await using second = successor(here, await here.capsule());
    await second.workers.worker(1);
    await second.swap("a third");
    await using third = successor(second, await second.capsule());
    const worker = await third.workers.worker(1);
    worker.hello();
    const { id, consult_id } = await worker.execution(1);
    expect(consult_id).toBe(consultId);
    worker.answer(id, workerResult(consultId, "Why?"));
    await third.answer(1);
    expect(third.answersTo(1)).toHaveLength(1);
    expect(await third.telemetry(9)).toMatchObject({
      result: { structuredContent: { host_rollouts: 2 } },
    });
  });

  test("may be opened once more under the same id", async () => {
    const { here } = await consulting();
    await using _ = here;
    await here.swap("another binary");
    await using next = successor(here, await here.capsule());
    next.send(initialize);
    expect(await next.answer("init")).toMatchObject({
      result: { serverInfo: { name: "phone-opus" } },
    });
    expect(next.answersTo("init")).toHaveLength(1);
  });

  test("that was not opened yet is opened with the next image", async () => {
    await using here = continuing();
    const line = `${frameOf(initialize)}\n`;
    here.write(line.slice(0, 30));
    await here.swap("another binary");
    await using next = successor(here, await here.capsule());
    next.write(line.slice(30));
    await next.answer("init");
    expect(next.answersTo("init")).toHaveLength(1);
  });
});

describe("what was decided stays decided", () => {
  const resumedWith = async (changes: Partial<Capsule>) => {
    const here = await opened();
    await here.swap("another binary");
    const capsule = await here.capsule();
    const next = successor(here, { ...capsule, ...changes });
    next.call(1, "consult", { prompt: "Why?" });
    const answer = await next.answer(1);
    await next[Symbol.asyncDispose]();
    await here[Symbol.asyncDispose]();
    return { answer, next };
  };

  test("the open breaker", async () => {
    const { answer, next } = await resumedWith({
      circuit: { kind: "open", untilMs: 1e6, reason: "It is logged out." },
    });
    expect(JSON.stringify(answer)).toContain("It is logged out.");
    expect(next.workers.workers).toEqual([]);
  });

  test("the ejected worker", async () => {
    const { answer, next } = await resumedWith({
      keeper: {
        generation: generationSchema.parse(7),
        has_spawned: true,
        lifecycle: {
          kind: "ejected",
          restarts: [1, 2, 3, 4, 5],
          losses: 6,
          untilMs: 1e6,
        },
        undelivered: [],
      },
    });
    expect(answer).toMatchObject({
      result: {
        isError: true,
        structuredContent: {
          fault: { code: "budget_exhausted", generation: 7 },
        },
      },
    });
    expect(next.workers.workers).toEqual([]);
  });
});

test("runs that were answered 'still running' are watched on", async () => {
  const { here, consultId } = await consulting({ PHONE_OPUS_WAIT_S: "1" });
  await using _ = here;
  await here.answer(1);
  await here.swap("another binary");
  const capsule = await here.capsule();
  expect(capsule.followed).toHaveLength(1);
  await using next = successor(here, capsule);
  const worker = await next.workers.worker(1);
  worker.hello();
  expect(await worker.execution(1)).toMatchObject({
    operation: "attach",
    consult_id: consultId,
  });
  expect(await next.health(5)).toMatchObject({
    result: { structuredContent: { running: [{ consult_id: consultId }] } },
  });
});

test("without its capsule a host answers what comes next, and says what happened", async () => {
  const problem = "The capsule /x is refused: it is cut short.";
  await using next = continuing({ earlier: { ok: false, problem } });
  next.host.goOn();
  expect(next.logged).toEqual([problem]);
  expect(await next.health(1)).toMatchObject({
    result: {
      structuredContent: {
        last_fault: {
          code: "rollout_failure",
          detail: expect.stringContaining(problem) as unknown,
        },
      },
    },
  });
  next.send(request(2, "tools/list"));
  expect(await next.answer(2)).toMatchObject({ result: {} });
});
