// The consults of a session when their worker dies: asked again with the same id, five
// times at most, without a pause, since the keeper spaces its workers.

import { describe, expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import { addOwner } from "../../src/consult/custody.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { done, newId } from "../consult/scene.ts";
import { consulting } from "./consulting.ts";

describe("a call whose worker is lost", () => {
  test.each([true, false])(
    "is asked again under the same id, accepted before: %p",
    async (isAccepted) => {
      await using session = consulting();
      const { id, result } = session.ask();
      const first = await session.attempt(1);
      if (isAccepted) first.accept();
      first.loseWorker();
      const second = await session.attempt(2);
      expect(second.call).toMatchObject({
        kind: "consult",
        consultId: id,
        arguments: { prompt: "Why?" },
      });
      second.accept();
      second.answer();
      expect(await result).toMatchObject({
        kind: "answer",
        answer: { consult_id: id, response: "42" },
        isAttached: false,
      });
      expect(session.events).toEqual(["retry"]);
      expect(session.consults.live()).toEqual([]);
    },
  );

  test("that waits for another's run is asked again for that run", async () => {
    await using session = consulting();
    const { result } = session.ask();
    const other = newId();
    const first = await session.attempt(1);
    first.accept(other, true);
    first.loseWorker();
    const second = await session.attempt(2);
    // By its own id it would be paid again when the run is over and delivered.
    expect(second.call).toMatchObject({ kind: "consult", consultId: other });
    second.accept(other);
    second.answer(other);
    expect(await result).toMatchObject({
      kind: "answer",
      answer: { consult_id: other },
      isAttached: true,
    });
  });

  test.each([true, false])(
    "gives up after five; accepted: %p",
    async (isAccepted) => {
      await using session = consulting();
      const { result } = session.ask();
      for (const number of [1, 2, 3, 4]) {
        const attempt = await session.attempt(number);
        if (isAccepted) attempt.accept();
        attempt.loseWorker();
      }
      (await session.attempt(5)).loseWorker();
      expect(await result).toMatchObject({
        kind: "fault",
        fault: { fault: { code: "transport_failure" }, retried: true },
      });
      expect(session.attempts()).toBe(5);
      expect(session.events).toEqual(["retry", "retry", "retry", "retry"]);
      expect(session.clock.pending()).toBe(0);
    },
  );

  test("or never was to be had is told so, and not asked again", async () => {
    await using session = consulting();
    const { result } = session.ask();
    (await session.attempt(1)).fail(
      faultRecord({
        code: "budget_exhausted",
        stage: "host",
        operation: "worker.start",
        detail: "The worker failed too often.",
      }),
    );
    expect(await result).toMatchObject({
      kind: "fault",
      fault: { fault: { code: "budget_exhausted" }, retried: false },
    });
    expect(session.attempts()).toBe(1);
  });
});

describe("a cancelled call whose worker is lost", () => {
  test.each([true, false])(
    "has its run ended without it; accepted: %p",
    async (isAccepted) => {
      await using session = consulting();
      const { id, abort, result, cancelReason } = session.ask();
      const first = await session.attempt(1);
      if (isAccepted) first.accept();
      abort.abort("enough");
      first.loseWorker();
      const second = await session.attempt(2);
      expect(cancelReason()).toBe("The client cancelled the consult: enough.");
      expect(second.call).toMatchObject({ kind: "attach", consultId: id });
      // The next worker is to see to the end: it must not be told to leave.
      expect(second.call.signal.aborted).toBe(false);
      second.loseWorker();
      const fault = faultRecord({
        code: "cancelled",
        stage: "claude",
        operation: "tools/call:consult",
        detail: "enough",
      });
      (await session.attempt(3)).fail(fault);
      expect(await result).toEqual({ kind: "fault", fault });
      expect(session.consults.live()).toEqual([]);
    },
  );

  test("is not asked again where there is no run", async () => {
    await using session = consulting();
    const { abort, result } = session.ask({ consultId: newId() });
    const first = await session.attempt(1);
    abort.abort("enough");
    first.loseWorker();
    expect(await result).toMatchObject({
      kind: "fault",
      fault: { fault: { code: "transport_failure" }, retried: false },
    });
    expect(session.attempts()).toBe(1);
    expect(session.events).toEqual([]);
  });

  test("is not asked again where the run is over", async () => {
    await using session = consulting();
    const { id, abort, result, cancelReason } = session.ask();
    const first = await session.attempt(1);
    first.accept();
    abort.abort("enough");
    spoolAt(session.place.consults, id).recordOutcome(done(id));
    first.loseWorker();
    expect(await result).toMatchObject({ kind: "fault" });
    expect(cancelReason()).toBeUndefined();
    expect(session.attempts()).toBe(1);
  });

  test("leaves a run that another call waits for", async () => {
    await using session = consulting();
    const { id, abort, result, cancelReason } = session.ask();
    const other = session.ask();
    const first = await session.attempt(1);
    first.accept();
    const second = await session.attempt(2);
    second.accept(id, true);
    abort.abort("enough");
    first.loseWorker();
    expect(await result).toMatchObject({ kind: "fault" });
    expect(cancelReason()).toBeUndefined();
    second.answer(id);
    expect(await other.result).toMatchObject({ kind: "answer" });
    expect(session.attempts()).toBe(2);
  });

  test("has its run ended with the last call that waited for it", async () => {
    await using session = consulting();
    const { id, abort, cancelReason } = session.ask();
    const other = session.ask();
    const first = await session.attempt(1);
    first.accept();
    const second = await session.attempt(2);
    second.accept(id, true);
    abort.abort("enough");
    other.abort.abort("enough");
    first.loseWorker();
    second.loseWorker();
    await session.attempt(3);
    expect(cancelReason()).toBeString();
  });

  test("leaves a run that another process waits for", async () => {
    await using session = consulting();
    const { id, abort, result, cancelReason } = session.ask();
    const { directory } = spoolAt(session.place.consults, id);
    const parent = identifyProcess(process.ppid);
    if (parent === undefined) throw new Error("there is no parent");
    addOwner(directory, parent);
    const first = await session.attempt(1);
    first.accept();
    abort.abort("enough");
    first.loseWorker();
    expect(await result).toMatchObject({ kind: "fault" });
    expect(cancelReason()).toBeUndefined();
    expect(session.attempts()).toBe(1);
  });
});

describe("a fault of the run itself", () => {
  test.each([
    ["downstream_failure", "claude"],
    ["outcome_unknown", "worker"],
    ["process_failure", "worker"],
    ["cancelled", "claude"],
  ] as const)("%s is final", async (code, stage) => {
    await using session = consulting();
    const { result } = session.ask();
    const fault = faultRecord({
      code,
      stage,
      operation: "tools/call:consult",
      detail: "It went wrong.",
    });
    (await session.attempt(1)).fail(fault);
    expect(await result).toEqual({ kind: "fault", fault });
    expect(session.attempts()).toBe(1);
  });
});

describe("an answer", () => {
  test("of another run names it, and says that it is attached", async () => {
    await using session = consulting();
    const { result } = session.ask();
    const other = newId();
    const attempt = await session.attempt(1);
    attempt.accept(other, true);
    expect(session.consults.live()).toMatchObject([{ consultId: other }]);
    attempt.answer(other);
    expect(await result).toMatchObject({ kind: "answer", isAttached: true });
  });

  test("that was waited for is not called attached", async () => {
    await using session = consulting();
    const { result } = session.ask({ kind: "attach" });
    const attempt = await session.attempt(1);
    attempt.accept(attempt.call.consultId, true);
    attempt.answer();
    expect(await result).toMatchObject({ kind: "answer", isAttached: false });
  });

  test("comes with the progress before it", async () => {
    await using session = consulting();
    const { result, progress } = session.ask();
    const attempt = await session.attempt(1);
    attempt.call.onProgress({
      elapsed_ms: 1,
      message: "turn 1",
      queue_position: 0,
    });
    attempt.answer();
    await result;
    expect(progress).toEqual(["turn 1"]);
  });
});
