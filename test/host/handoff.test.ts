// The steps of a handoff in their order, and that each one that fails takes everything
// back.

import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { handOver, type HandoffOptions } from "../../src/host/handoff.ts";
import type { LineOutput } from "../../src/sys/output.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { tempDir } from "../helpers/temp-dir.ts";

/** Output of which a test says how much is owed. */
function owingOutput() {
  let owed = 0;
  let flushed = Promise.withResolvers<void>();
  flushed.resolve();
  return {
    owe: (characters: number) => {
      if (owed === 0) flushed = Promise.withResolvers();
      owed += characters;
    },
    pay: () => {
      owed = 0;
      flushed.resolve();
    },
    output: {
      writeLine: () => Promise.resolve(true),
      flushed: () => flushed.promise,
      owed: () => owed,
    } satisfies LineOutput,
  };
}

const takenBack = ["loud", "resume"];

function handing(changes: Partial<HandoffOptions> = {}) {
  const dir = tempDir();
  const clock = createFakeClock();
  const steps: string[] = [];
  const shielded: string[] = [];
  const owing = owingOutput();
  const path = dir.at("capsule");
  let reason: string | undefined;
  const options: HandoffOptions = {
    keeper: {
      suspend: () => {
        steps.push("suspend");
        return Promise.resolve();
      },
      resume: () => void steps.push("resume"),
    },
    output: owing.output,
    clock,
    signals: {
      hold: () => void shielded.push("hold"),
      release: () => void shielded.push("release"),
    },
    onQuiet: (isQuiet) => void steps.push(isQuiet ? "quiet" : "loud"),
    isComplete: () => true,
    writeCapsule: () => {
      steps.push("capsule");
      writeFileSync(path, "capsule");
      return path;
    },
    replace: (capsulePath) => {
      steps.push(`replace ${capsulePath === path && existsSync(path)}`);
      shielded.push("replace");
      throw new Error("EACCES: permission denied");
    },
    ...changes,
  };
  const run = () => void handOver(options).then((each) => (reason = each));
  /** Lets time pass until it is over, or `untilMs` is reached. */
  const pass = async (untilMs = Infinity) => {
    while (reason === undefined && clock.monotonicMs() < untilMs) {
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      clock.advance(1);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
    return reason;
  };
  return {
    clock,
    steps,
    shielded,
    owing,
    run,
    pass,
    hasCapsule: () => existsSync(path),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("a handoff", () => {
  test("ends the worker, keeps input, writes the capsule, and only then replaces", async () => {
    await using here = handing();
    here.run();
    expect(await here.pass()).toContain("EACCES: permission denied");
    expect(here.steps).toEqual([
      "suspend",
      "quiet",
      "capsule",
      "replace true",
      ...takenBack,
    ]);
    expect(here.hasCapsule()).toBe(false);
  });

  test("holds signals back for its last step alone", async () => {
    await using here = handing();
    here.owing.owe(10);
    here.run();
    await here.pass(200);
    expect(here.shielded).toEqual([]);
    here.owing.pay();
    await here.pass();
    expect(here.shielded).toEqual(["hold", "replace", "release"]);
  });

  test("touches no input while a worker of ours is left", async () => {
    const gone = Promise.withResolvers<void>();
    const steps: string[] = [];
    await using here = handing({
      keeper: {
        suspend: () => gone.promise,
        resume: () => void steps.push("resume"),
      },
    });
    here.run();
    await here.pass(5000);
    expect(here.steps).toEqual([]);
    gone.resolve();
    await here.pass();
    expect(here.steps).toEqual(["quiet", "capsule", "replace true", "loud"]);
    expect(steps).toEqual(["resume"]);
  });

  test("is made in a timer's callback and nowhere else", async () => {
    let isInTimer = false;
    const inTimer: boolean[] = [];
    const clock = createFakeClock();
    await using here = handing({
      clock: {
        ...clock,
        after: (ms, callback) =>
          clock.after(ms, () => {
            isInTimer = true;
            callback();
            isInTimer = false;
          }),
      },
      isComplete: () => {
        inTimer.push(isInTimer);
        return true;
      },
      writeCapsule: () => {
        inTimer.push(isInTimer);
        throw new Error("enough");
      },
    });
    here.run();
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.resolve();
      clock.advance(1);
    }
    expect(inTimer).toEqual([true, true]);
  });

  test("waits until the client has what it is owed, new lines included", async () => {
    await using here = handing();
    here.owing.owe(10);
    here.run();
    await here.pass(200);
    expect(here.steps).toEqual(["suspend", "quiet"]);
    here.owing.pay();
    // Another answer before the timer rings.
    for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
    here.owing.owe(5);
    await here.pass(400);
    expect(here.steps).toEqual(["suspend", "quiet"]);
    here.owing.pay();
    expect(await here.pass()).toContain("EACCES");
    expect(here.steps).toContain("replace true");
  });

  test("is given up after a second in which the client takes nothing", async () => {
    await using here = handing();
    here.owing.owe(10);
    here.run();
    await here.pass(990);
    expect(here.steps).toEqual(["suspend", "quiet"]);
    expect(await here.pass()).toBe("the client did not take what it was owed");
    expect(here.clock.monotonicMs()).toBeLessThan(1020);
    expect(here.steps).toEqual(["suspend", "quiet", ...takenBack]);
    expect(here.hasCapsule()).toBe(false);
  });

  test("is given up after a second in which input is not complete", async () => {
    await using here = handing({ isComplete: () => false });
    here.run();
    await here.pass(990);
    expect(here.steps).toEqual(["suspend", "quiet"]);
    expect(await here.pass()).toBe(
      "what the client sends could not be kept whole",
    );
    expect(here.clock.monotonicMs()).toBeLessThan(1020);
    expect(here.steps).toEqual(["suspend", "quiet", ...takenBack]);
  });

  test("happens as soon as input is complete", async () => {
    let isComplete = false;
    await using here = handing({ isComplete: () => isComplete });
    here.run();
    await here.pass(300);
    isComplete = true;
    expect(await here.pass()).toContain("EACCES");
    expect(here.clock.monotonicMs()).toBeLessThan(320);
  });

  test("is given up when the capsule cannot be written", async () => {
    await using here = handing({
      writeCapsule: () => {
        throw new Error("ENOSPC: no space left on device");
      },
    });
    here.run();
    expect(await here.pass()).toContain("ENOSPC: no space left on device");
    expect(here.steps).toEqual(["suspend", "quiet", ...takenBack]);
  });

  test("that returned instead of becoming another is no success", async () => {
    await using here = handing({ replace: () => {} });
    here.run();
    expect(await here.pass()).toBe("the image was not replaced");
    expect(here.steps.slice(-2)).toEqual(takenBack);
  });

  test("can be tried again after a failure", async () => {
    await using here = handing();
    here.run();
    await here.pass();
    const once = [...here.steps];
    here.run();
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.resolve();
      here.clock.advance(1);
    }
    expect(here.steps).toEqual([...once, ...once]);
  });
});
