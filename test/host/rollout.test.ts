// The watch over the launch path, with a file that the test says lies there and a clock
// that it owns.

import { describe, expect, test } from "bun:test";
import type { LaunchBinary } from "../../src/host/binary.ts";
import { createHostRollout } from "../../src/host/rollout.ts";
import { defaultRolloutLimits } from "../../src/supervise/rollout.ts";
import { createFakeClock } from "../helpers/clock.ts";

const own = "own";

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

function watching() {
  const clock = createFakeClock();
  let file: string | undefined = own;
  const binary: LaunchBinary = {
    path: "/opt/phone-opus",
    isPathStable: true,
    isReplaced: () => file !== undefined && file !== own,
    candidate: () => file,
  };
  const log: string[] = [];
  const rehearsals: ((reason?: string) => void)[] = [];
  const handoffs: ((reason: string) => void)[] = [];
  const rollout = createHostRollout({
    binary,
    clock,
    limits: defaultRolloutLimits,
    initial: { kind: "current" },
    prove: () => {
      log.push(`prove at ${clock.monotonicMs()}`);
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      rehearsals.push(resolve);
      return promise;
    },
    handOver: (candidate) => {
      log.push(`hand over to ${candidate} at ${clock.monotonicMs()}`);
      const { promise, resolve } = Promise.withResolvers<string>();
      handoffs.push(resolve);
      return promise;
    },
    onRefused: (reason) => log.push(`refused: ${reason}`),
    onPostponed: (reason) => log.push(`postponed: ${reason}`),
  });
  const end = async (
    all: ((reason: string) => void)[],
    reason: string,
  ): Promise<void> => {
    all.shift()?.(reason);
    await settled();
  };
  return {
    clock,
    rollout,
    log,
    kind: () => rollout.state().kind,
    put: (next: string | undefined) => {
      file = next;
    },
    /** The oldest rehearsal under way ends. */
    fit: async () => {
      rehearsals.shift()?.();
      await settled();
    },
    unfit: (reason: string) => end(rehearsals, reason),
    fail: (reason: string) => end(handoffs, reason),
  };
}

describe("a new file", () => {
  test("is seen within a second, proven when still for 500 ms, and taken", async () => {
    const here = watching();
    here.clock.advance(1000);
    expect(here.kind()).toBe("current");
    here.put("a");
    here.clock.advance(1000);
    expect(here.kind()).toBe("settling");
    here.clock.advance(499);
    expect(here.log).toEqual([]);
    here.clock.advance(1);
    expect(here.log).toEqual(["prove at 2500"]);
    await here.fit();
    expect(here.log.slice(1)).toEqual(["hand over to a at 2500"]);
    expect(here.kind()).toBe("ready");
  });

  test("is seen at the next answer", async () => {
    const here = watching();
    here.clock.advance(150);
    here.put("a");
    here.rollout.glance();
    expect(here.kind()).toBe("settling");
    here.clock.advance(500);
    expect(here.log).toEqual(["prove at 650"]);
  });

  test("is not looked for more often than ten times a second", () => {
    const here = watching();
    here.put("a");
    here.clock.advance(99);
    here.rollout.glance();
    expect(here.kind()).toBe("current");
    here.clock.advance(1);
    here.rollout.glance();
    expect(here.kind()).toBe("settling");
  });

  test("that is still being copied is no candidate", () => {
    const here = watching();
    for (let part = 0; part < 50; part += 1) {
      here.put(`a, part ${part}`);
      here.clock.advance(400);
    }
    expect(here.log).toEqual([]);
    here.clock.advance(600);
    expect(here.log).toHaveLength(1);
  });

  test("that vanishes, or turns out to be the running one, is forgotten", () => {
    const here = watching();
    for (const next of [undefined, own]) {
      here.put("a");
      here.clock.advance(1000);
      expect(here.kind()).toBe("settling");
      here.put(next);
      here.clock.advance(100);
      expect(here.kind()).toBe("current");
    }
    here.clock.advance(10_000);
    expect(here.log).toEqual([]);
  });
});

describe("an unfit one", () => {
  test("is refused once and let alone until the file changes", async () => {
    const here = watching();
    here.put("a");
    here.clock.advance(1500);
    await here.unfit("died of SIGSEGV");
    expect(here.log.slice(1)).toEqual(["refused: died of SIGSEGV"]);
    expect(here.rollout.state()).toEqual({
      kind: "refused",
      candidate: "a",
      reason: "died of SIGSEGV",
    });
    here.clock.advance(3_600_000);
    here.rollout.glance();
    expect(here.log).toHaveLength(2);
    here.put("b");
    here.clock.advance(1500);
    expect(here.log).toHaveLength(3);
  });

  test("is tried again after a reload", async () => {
    const here = watching();
    here.put("a");
    here.clock.advance(1500);
    await here.unfit("died of SIGSEGV");
    here.rollout.reload();
    expect(here.kind()).toBe("settling");
    here.clock.advance(500);
    expect(here.log.at(-1)).toBe("prove at 2000");
  });

  test("that lies there when the watch begins is not tried", () => {
    const clock = createFakeClock();
    const log: string[] = [];
    const state = { kind: "refused", candidate: "a", reason: "" } as const;
    const rollout = createHostRollout({
      binary: {
        path: "",
        isPathStable: true,
        isReplaced: () => true,
        candidate: () => "a",
      },
      clock,
      limits: defaultRolloutLimits,
      initial: state,
      prove: () => Promise.resolve(log.push("prove") ? undefined : ""),
      handOver: () => Promise.resolve(""),
      onRefused: (reason) => log.push(reason),
      onPostponed: (reason) => log.push(reason),
    });
    clock.advance(60_000);
    expect(log).toEqual([]);
    expect(rollout.state()).toEqual(state);
  });
});

describe("a file that changes", () => {
  test("while it is rehearsed is not handed over to, nor refused for that", async () => {
    for (const reason of [undefined, "died of SIGBUS"]) {
      const here = watching();
      here.put("a");
      here.clock.advance(1500);
      here.put("b");
      await (reason === undefined ? here.fit() : here.unfit(reason));
      expect(here.log).toEqual(["prove at 1500"]);
      expect(here.rollout.state()).toMatchObject({
        kind: "settling",
        candidate: "b",
      });
      here.clock.advance(500);
      expect(here.log).toEqual(["prove at 1500", "prove at 2000"]);
      await here.fit();
      expect(here.log.at(-1)).toBe("hand over to b at 2000");
    }
  });

  test("while it is handed over to is looked at afresh", async () => {
    const here = watching();
    here.put("a");
    here.clock.advance(1500);
    await here.fit();
    here.put("b");
    await here.fail("could not take over (another file lies there)");
    expect(here.rollout.state()).toMatchObject({
      kind: "settling",
      candidate: "b",
    });
    here.clock.advance(500);
    await here.fit();
    expect(here.log).toEqual([
      "prove at 1500",
      "hand over to a at 1500",
      "prove at 2000",
      "hand over to b at 2000",
    ]);
  });
});

test("a handoff that fails is told and tried again, after twice the pause", async () => {
  const here = watching();
  here.put("a");
  here.clock.advance(1500);
  await here.fit();
  await here.fail("could not take over (ENOSPC)");
  expect(here.rollout.state()).toMatchObject({
    kind: "postponed",
    reason: "could not take over (ENOSPC)",
  });
  here.clock.advance(4999);
  expect(here.log.at(-1)).toBe("postponed: could not take over (ENOSPC)");
  here.clock.advance(1001);
  await settled();
  expect(here.log.at(-1)).toStartWith("hand over to a");
  await here.fail("could not take over (ENOSPC)");
  const count = here.log.length;
  here.clock.advance(9999);
  await settled();
  expect(here.log).toHaveLength(count);
  here.clock.advance(1001);
  await settled();
  expect(here.log).toHaveLength(count + 1);
  // It was proven once: only the handoff is repeated.
  expect(here.log.filter((line) => line.startsWith("prove"))).toHaveLength(1);
});

describe("force", () => {
  test("goes through all of it with the running binary", async () => {
    const here = watching();
    here.rollout.force();
    expect(here.log).toEqual(["prove at 0"]);
    here.clock.advance(5000);
    expect(here.kind()).toBe("proving");
    await here.fit();
    expect(here.log.at(-1)).toBe("hand over to own at 5000");
  });

  test("does nothing where no file lies", () => {
    const here = watching();
    here.put(undefined);
    here.rollout.force();
    expect(here.log).toEqual([]);
    expect(here.kind()).toBe("current");
  });
});

test("after its end nothing is looked at or done, and no timer is left", async () => {
  const here = watching();
  here.put("a");
  here.clock.advance(1500);
  here.rollout.end();
  await here.fit();
  here.rollout.reload();
  here.rollout.force();
  here.clock.advance(200);
  here.rollout.glance();
  here.clock.advance(60_000);
  expect(here.log).toEqual(["prove at 1500"]);
  expect(here.clock.pending()).toBe(0);
});
