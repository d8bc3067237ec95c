// A keeper that must have no worker for a while, and one that goes on after another.

import { describe, expect, test } from "bun:test";
import { generationSchema } from "../../src/base/ids.ts";
import type { KeeperState } from "../../src/host/keeper-state.ts";
import { until } from "../helpers/until.ts";
import { fault, startKeeper, success } from "./keeping.ts";

async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await Bun.sleep(0);
}

describe("suspension", () => {
  test("ends the worker, resolves when it is gone, and starts none", async () => {
    const { fake, keeper, ask } = startKeeper();
    const { outcome, consultId } = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    let isGone = false;
    const suspended = keeper.suspend().then(() => (isGone = true));
    expect(worker.isStdinClosed()).toBe(true);
    expect(keeper.isAlive()).toBe(false);
    const late = ask();
    await settled();
    expect(isGone).toBe(false);
    worker.die({ code: 0 });
    await suspended;
    await settled();
    expect(fake.workers).toHaveLength(1);

    // Taken back, both are asked of the next one; the first under its own id.
    keeper.resume();
    const second = await fake.worker(2);
    second.hello();
    await second.execution(2);
    for (const message of second.received()) {
      if (message.kind !== "execute") continue;
      second.answer(message.id, message.consult_id);
    }
    expect(await outcome).toEqual(success(consultId));
    expect(await late.outcome).toEqual(success(late.consultId));
  });

  test("of a keeper without a worker is over at once", async () => {
    const { fake, keeper } = startKeeper();
    await keeper.suspend();
    keeper.resume();
    expect(fake.workers).toEqual([]);
  });

  test("in the middle of a start costs the call nothing", async () => {
    const { fake, events, keeper, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    const suspended = keeper.suspend();
    worker.die({ code: 0 });
    await suspended;
    keeper.resume();
    const second = await fake.worker(2);
    second.hello();
    await second.execution(1);
    second.answer(1, 7);
    expect(await outcome).toEqual(success(7));
    // Nobody's loss, and no strain on the budget.
    expect(events).toEqual(["restart", "ready 2"]);
    expect(keeper.state().lifecycle).toMatchObject({ restarts: [], losses: 0 });
  });

  test("of a worker that hangs ends it after two seconds", async () => {
    const { clock, fake, keeper, ask } = startKeeper();
    const { outcome } = ask();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, 7);
    await outcome;
    const suspended = keeper.suspend();
    expect(clock.pending()).toBe(1);
    clock.advance(2000);
    expect(clock.pending()).toBe(0);
    // SIGKILL went to its number; the test plays the rest.
    worker.die({ signal: "SIGKILL" });
    await suspended;
  });

  test("is not undone by a reload", async () => {
    const { fake, keeper, ask } = startKeeper();
    await keeper.suspend();
    const { outcome } = ask();
    keeper.reload();
    await settled();
    expect(fake.workers).toEqual([]);
    keeper.resume();
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.answer(1, 7);
    expect(await outcome).toEqual(success(7));
  });

  test("lets a call be cancelled meanwhile", async () => {
    const { keeper, ask } = startKeeper();
    await keeper.suspend();
    const { abort, outcome } = ask();
    abort.abort("enough");
    expect(await outcome).toMatchObject({ status: "fault" });
    keeper.resume();
  });
});

test("deliveries without a worker are kept, and told to the next", async () => {
  const { fake, keeper, ask } = startKeeper();
  const first = ask();
  const worker = await fake.worker(1);
  worker.hello();
  await worker.execution(1);
  worker.answer(1, 7);
  await first.outcome;
  const suspended = keeper.suspend();
  worker.die({ code: 0 });
  await suspended;
  keeper.delivered(first.consultId);
  expect(keeper.state().undelivered).toEqual([first.consultId]);
  keeper.resume();
  void ask();
  const second = await fake.worker(2);
  second.hello();
  await until("it is told", () =>
    second
      .received()
      .some(
        (each) =>
          each.kind === "delivered" && each.consult_id === first.consultId,
      ),
  );
  expect(keeper.state().undelivered).toEqual([]);
});

describe("a keeper of the next image", () => {
  const earlier = (lifecycle: KeeperState["lifecycle"]): KeeperState => ({
    generation: generationSchema.parse(4),
    has_spawned: true,
    lifecycle,
    undelivered: [],
  });

  test("starts the next generation", async () => {
    const state = earlier({ kind: "absent", restarts: [5], losses: 2 });
    const { fake, keeper, ask } = startKeeper(state);
    expect(keeper.state()).toEqual(state);
    void ask();
    const worker = await fake.worker(1);
    expect(worker.command.at(-1)).toBe("5");
  });

  test("that never had a worker starts the first", async () => {
    const { fake, ask } = startKeeper({
      ...earlier({ kind: "absent", restarts: [], losses: 0 }),
      generation: generationSchema.parse(1),
      has_spawned: false,
    });
    void ask();
    expect((await fake.worker(1)).command.at(-1)).toBe("1");
  });

  test("stays ejected, and no longer than before", async () => {
    const { clock, fake, keeper, ask } = startKeeper(
      earlier({ kind: "ejected", restarts: [1], losses: 6, untilMs: 1000 }),
    );
    expect(await ask().outcome).toMatchObject(fault("budget_exhausted", 4));
    clock.advance(999);
    expect(keeper.phase()).toBe("ejected");
    clock.advance(1);
    expect(keeper.phase()).toBe("absent");
    void ask();
    await fake.worker(1);
  });
});
