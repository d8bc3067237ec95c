// The keeper against a worker that the test plays: when one is started, and what it is
// told and tells.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { owner, startKeeper, success } from "./keeping.ts";

describe("a worker", () => {
  test("is started by the first call, with its generation, and shared", async () => {
    const { fake, events, keeper, ask } = startKeeper();
    expect(keeper.isAlive()).toBe(false);
    expect(fake.workers).toEqual([]);
    const first = ask("one");
    const second = ask("two");
    const worker = await fake.worker(1);
    expect(worker.command.join(" ")).toBe(
      "phone-opus mcp worker --generation 1",
    );
    expect(worker.environment).toEqual({ NAME: "value" });
    worker.hello();
    await worker.execution(2);
    worker.answer(2, "for two");
    worker.answer(1, "for one");
    expect(await first.outcome).toEqual(success("for one"));
    expect(await second.outcome).toEqual(success("for two"));
    expect(fake.workers).toHaveLength(1);
    expect(keeper.isAlive()).toBe(true);
    expect(Number(keeper.generation())).toBe(1);
    expect(events).toEqual(["ready 1"]);
  });

  test("gets no operation before its hello", async () => {
    const { fake, ask } = startKeeper();
    const { outcome, consultId } = ask();
    const worker = await fake.worker(1);
    expect(worker.received()).toEqual([]);
    worker.hello();
    expect(await worker.execution(1)).toMatchObject({
      kind: "execute",
      id: 1,
      operation: "consult",
      arguments: { prompt: "Why?" },
      consult_id: consultId,
      owner,
    });
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
  });

  test("passes progress to its own call only", async () => {
    const { fake, ask } = startKeeper();
    const first = ask();
    const second = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(2);
    const progress = { elapsed_ms: 1, message: "turn 1", queue_position: 0 };
    worker.say({ kind: "progress", id: 2, progress });
    worker.answer(2, 7);
    worker.answer(1, 7);
    await Promise.all([first.outcome, second.outcome]);
    expect(first.progress).toEqual([]);
    expect(second.progress).toEqual([progress]);
  });

  test("hears of a cancellation once, and still answers", async () => {
    const { fake, ask } = startKeeper();
    const { abort, outcome } = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    abort.abort("enough");
    await until("the worker is told", () => worker.received().length === 2);
    expect(worker.received()[1]).toEqual({
      kind: "cancel",
      id: 1,
      reason: "enough",
    });
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
  });

  test("is asked nothing that was cancelled before it was ready", async () => {
    const { fake, ask } = startKeeper();
    const { abort, outcome } = ask();
    abort.abort("enough");
    expect<unknown>(await outcome).toMatchObject({
      status: "fault",
      fault: { fault: { code: "cancelled", detail: "enough" } },
    });
    const worker = await fake.worker(1);
    worker.hello();
    const other = ask();
    const { id } = await worker.execution(1);
    worker.answer(id, 7);
    expect(await other.outcome).toEqual(success(7));
    expect(worker.received()).toHaveLength(1);
  });

  test("passes on what was accepted, under which id", async () => {
    const { fake, ask } = startKeeper();
    const first = ask();
    const second = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(2);
    worker.accept(1, first.consultId);
    worker.accept(2, first.consultId, true);
    worker.answer(1, 7);
    worker.answer(2, 7);
    await Promise.all([first.outcome, second.outcome]);
    const consult_id = first.consultId;
    expect<unknown>(first.accepted).toEqual([
      { kind: "accepted", id: 1, consult_id, is_attached: false },
    ]);
    expect<unknown>(second.accepted).toEqual([
      { kind: "accepted", id: 2, consult_id, is_attached: true },
    ]);
  });

  test("is told what was delivered, and nobody is when it is dead", async () => {
    const { fake, keeper, ask } = startKeeper();
    const { outcome, consultId } = ask();
    keeper.delivered(consultId);
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, 7);
    await outcome;
    keeper.delivered(consultId);
    expect(worker.received().at(-1)).toEqual({
      kind: "delivered",
      consult_id: consultId,
      owner,
    });
    worker.die({ code: 0 });
    await until("its end is noticed", () => !keeper.isAlive());
    const told = worker.received().length;
    keeper.delivered(consultId);
    expect(worker.received()).toHaveLength(told);
    expect(fake.workers).toHaveLength(1);
  });

  test("hears farewell and has its input closed at the end of the session", async () => {
    const { fake, keeper, ask } = startKeeper();
    keeper.end("too early");
    const { outcome } = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    keeper.end("over");
    expect(worker.received().at(-1)).toEqual({ kind: "end", reason: "over" });
    expect(worker.isStdinClosed()).toBe(true);
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
  });
});

describe("garbage from a worker", () => {
  test.each([
    ["garbage", "worker line is not JSON"],
    ['{"kind":"answer"}', "worker message is invalid: id"],
    ['{"kind":"song","id":1}', "worker message is invalid: kind"],
    ["[]", "worker message is invalid"],
    [`"${"x".repeat(2000)}"`, "worker line of 2002 bytes is too long"],
  ])("%s is noted, and the worker goes on", async (garbage, note) => {
    const { fake, events, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    worker.print(`${garbage}\n`);
    worker.hello();
    await worker.execution(1);
    worker.answer(99, "for nobody");
    worker.print(`${garbage}\n`);
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
    const notes = events.filter((event) => event.startsWith(note));
    expect(notes).toHaveLength(2);
    expect(fake.workers).toHaveLength(1);
  });

  test("a second answer to a call is ignored", async () => {
    const { fake, ask } = startKeeper();
    const first = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, "first");
    worker.answer(1, "second");
    expect(await first.outcome).toEqual(success("first"));
  });
});
