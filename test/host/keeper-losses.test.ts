// The keeper and a worker that ends or cannot be used: what becomes of the calls in
// flight, and which generation comes next.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { fault, startKeeper, success } from "./keeping.ts";

describe("a worker that ends", () => {
  test("in mid-call fails all calls in flight; the next starts generation 2", async () => {
    const { fake, events, keeper, ask } = startKeeper();
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
    const successor = await fake.worker(2);
    expect(successor.command.at(-1)).toBe("2");
    successor.hello();
    const { id } = await successor.execution(1);
    successor.answer(id, "for four");
    expect(await next.outcome).toEqual(success("for four"));
    expect(Number(keeper.generation())).toBe(2);
    expect(events).toEqual(["ready 1", "lost 1", "ready 2"]);
  });

  test("while idle is noticed, and the next call does not wait for it", async () => {
    const { fake, keeper, ask } = startKeeper();
    const first = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, 7);
    await first.outcome;
    worker.die({ code: 0 });
    await until("its end is noticed", () => !keeper.isAlive());
    const next = ask();
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
    ["dies before its hello", "ended before it was ready"],
    ["speaks another wire protocol", "speaks wire protocol 2, this host 1"],
    ["says nothing for ten seconds", "ended before it was ready"],
  ])(
    "because it %s is a fault, and the next call tries again",
    async (how, says) => {
      const { fake, clock, keeper, events, ask } = startKeeper();
      const calls = [ask(), ask()];
      const worker = await fake.worker(1);
      if (how.startsWith("dies")) worker.die({ code: 1 });
      else if (how.startsWith("speaks")) worker.hello({ protocol: 2 });
      else clock.advance(10_000);
      for (const { outcome } of calls) {
        expect<unknown>(await outcome).toMatchObject(
          fault("process_failure", 1),
        );
        expect(JSON.stringify(await outcome)).toContain(says);
      }
      expect(worker.received()).toEqual([]);
      expect(keeper.isAlive()).toBe(false);
      expect(clock.pending()).toBe(0);

      const next = ask();
      const successor = await fake.worker(2);
      successor.hello();
      const { id } = await successor.execution(1);
      successor.answer(id, 7);
      expect(await next.outcome).toEqual(success(7));
      expect(events).toEqual(["lost 1", "ready 2"]);
    },
  );

  test("one that is slow but in time is used", async () => {
    const { fake, clock, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    clock.advance(9_999);
    worker.hello();
    await worker.execution(1);
    expect(clock.pending()).toBe(0);
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
  });

  test("one that the system does not start names the reason, and each call tries again", async () => {
    const { fake, keeper, ask } = startKeeper();
    fake.failWith("ENOENT");
    for (const attempt of [1, 2, 3]) {
      const outcome = await ask().outcome;
      expect<unknown>(outcome).toMatchObject({
        status: "fault",
        fault: { fault: { code: "process_failure" } },
      });
      expect(JSON.stringify(outcome)).toContain("ENOENT");
      expect(fake.attempts()).toBe(attempt);
    }
    expect(keeper.isAlive()).toBe(false);
    fake.failWith(undefined);
    const next = ask();
    const worker = await fake.worker(1);
    worker.hello();
    const { id } = await worker.execution(1);
    worker.answer(id, 7);
    expect(await next.outcome).toEqual(success(7));
  });
});
