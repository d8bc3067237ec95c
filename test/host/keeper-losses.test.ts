// The keeper and a worker that ends or cannot be used: what becomes of the calls in
// flight, and which generation comes next.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { fault, startKeeper, success } from "./keeping.ts";

describe("a worker that ends", () => {
  test("in mid-call fails all calls in flight; the next starts generation 2", async () => {
    const { fake, clock, events, keeper, ask } = startKeeper();
    const calls = [ask("one"), ask("two"), ask("three")];
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(3);
    worker.answer(2, "for two");
    expect(await calls[1]?.outcome).toEqual(success("for two"));
    worker.die({ signal: "SIGKILL" });
    for (const call of [calls[0], calls[2]]) {
      const outcome = await call?.outcome;
      expect<unknown>(outcome).toMatchObject(fault("transport_failure", 1));
      expect(JSON.stringify(outcome)).toContain("killed by SIGKILL");
    }
    expect(keeper.isAlive()).toBe(false);

    const next = ask("four");
    clock.advance(100);
    const successor = await fake.worker(2);
    expect(successor.command.at(-1)).toBe("2");
    successor.hello();
    const { id } = await successor.execution(1);
    successor.answer(id, "for four");
    expect(await next.outcome).toEqual(success("for four"));
    expect(Number(keeper.generation())).toBe(2);
    expect(events).toEqual(["ready 1", "lost 1", "restart", "ready 2"]);
  });

  test("while idle is noticed, and the next call waits for no longer than the back-off", async () => {
    const { fake, clock, keeper, ask } = startKeeper();
    const first = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, 7);
    await first.outcome;
    worker.die({ code: 0 });
    await until("its end is noticed", () => !keeper.isAlive());
    const next = ask();
    clock.advance(100);
    const successor = await fake.worker(2);
    successor.hello();
    const { id } = await successor.execution(1);
    successor.answer(id, 8);
    expect(await next.outcome).toEqual(success(8));
  });

  test("with an answer as its last words, without a line feed, has answered", async () => {
    const { fake, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    const answer = { status: "success", result: "last words" };
    worker.print(JSON.stringify({ kind: "answer", id: 1, outcome: answer }));
    worker.die({ code: 1 });
    expect(await outcome).toEqual(success("last words"));
  });
});

describe("a worker that cannot be used", () => {
  test.each([
    "dies before its hello",
    "speaks another protocol",
    "says nothing",
  ])(
    "because it %s is followed by the next one, which answers",
    async (how) => {
      const { fake, clock, events, ask } = startKeeper();
      const calls = [ask(), ask()];
      const worker = await fake.worker(1);
      if (how.startsWith("dies")) worker.die({ code: 1 });
      else if (how.startsWith("speaks")) {
        worker.hello({ protocol: 2 });
        await until("it is complained of", () => events.length > 0);
        worker.die({ signal: "SIGKILL" });
      } else {
        clock.advance(10_000);
        await until("it is complained of", () => events.length > 0);
        worker.die({ signal: "SIGKILL" });
      }
      await until("its loss is noticed", () => events.includes("lost 1"));
      expect(worker.received()).toEqual([]);
      clock.advance(100);
      const successor = await fake.worker(2);
      successor.hello();
      for (const number of [1, 2]) {
        const { id } = await successor.execution(number);
        successor.answer(id, 7);
      }
      for (const { outcome } of calls)
        expect(await outcome).toEqual(success(7));
      expect(events.slice(-3)).toEqual(["lost 1", "restart", "ready 2"]);
    },
  );

  test("one that is slow but in time is used", async () => {
    const { fake, clock, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    clock.advance(9_999);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
    expect(clock.pending()).toBe(0);
  });

  test("that the system does not start is tried until the budget is spent", async () => {
    const { fake, clock, keeper, ask } = startKeeper();
    fake.failWith("ENOENT");
    const { outcome } = ask();
    for (const [index, backoffMs] of [100, 200, 400, 800, 1600].entries()) {
      await until("it was tried", () => fake.attempts() === index + 1);
      await until("it waits", () => keeper.phase() === "waiting");
      clock.advance(backoffMs - 1);
      expect(fake.attempts()).toBe(index + 1);
      clock.advance(1);
    }
    expect<unknown>(await outcome).toMatchObject({
      status: "fault",
      fault: { fault: { code: "budget_exhausted" }, retryable: true },
    });
    expect(JSON.stringify(await outcome)).toContain("ENOENT");
    expect(keeper.phase()).toBe("ejected");
    // The next call is refused at once, until a reload.
    expect<unknown>(await ask().outcome).toMatchObject({ status: "fault" });
    expect(fake.attempts()).toBe(6);
    fake.failWith(undefined);
    keeper.reload();
    const next = ask();
    const worker = await fake.worker(1);
    worker.hello();
    const { id } = await worker.execution(1);
    worker.answer(id, 7);
    expect(await next.outcome).toEqual(success(7));
  });

  test("that is replaced on purpose costs no call its answer", async () => {
    const { fake, events, keeper, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    keeper.reload();
    const successor = await fake.worker(2);
    successor.hello();
    const { id } = await successor.execution(1);
    successor.answer(id, 7);
    expect(await outcome).toEqual(success(7));
    expect(events).toEqual(["ready 1", "redispatch", "restart", "ready 2"]);
  });
});
