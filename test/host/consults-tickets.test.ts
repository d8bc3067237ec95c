// Calls that do not wait for their answer: patience that runs out, the client's time
// limit, cancellations of its user, and the end of the session.

import { describe, expect, test } from "bun:test";
import { releaseRun } from "../../src/consult/custody.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import { done, newId, self } from "../consult/scene.ts";
import { until } from "../helpers/until.ts";
import { consulting } from "./consulting.ts";

describe("patience", () => {
  test("that is over gives a ticket and says how far the run is", async () => {
    await using session = consulting(5000);
    const { id, result, hasTicket } = session.ask();
    const attempt = await session.attempt(1);
    attempt.accept();
    attempt.call.onProgress({
      elapsed_ms: 4000,
      message: "turn 3: Read",
      queue_position: 0,
    });
    session.clock.advance(4999);
    expect(hasTicket()).toBe(false);
    session.clock.advance(1);
    expect(await result).toEqual({
      kind: "running",
      consultId: id,
      elapsedMs: 5000,
      message: "turn 3: Read",
    });
    expect(hasTicket()).toBe(true);
    expect(attempt.call.signal.aborted).toBe(false);
    expect(session.consults.live()).toHaveLength(1);
    attempt.answer();
    await until("it is over", () => session.consults.live().length === 0);
  });

  test("of none answers only once the run was accepted", async () => {
    await using session = consulting();
    const { result, hasTicket } = session.ask({ waitMs: 0 });
    let isAnswered = false;
    void result.then(() => (isAnswered = true));
    const attempt = await session.attempt(1);
    session.clock.advance(60_000);
    await Bun.sleep(0);
    expect(isAnswered).toBe(false);
    attempt.accept();
    expect(await result).toMatchObject({ kind: "running" });
    expect(hasTicket()).toBe(true);
  });

  test("of none still gives the answer of a run that is over", async () => {
    await using session = consulting();
    const { id, result, hasTicket } = session.ask({ waitMs: 0 });
    spoolAt(session.place.consults, id).recordOutcome(done(id));
    const attempt = await session.attempt(1);
    session.clock.advance(0);
    attempt.accept();
    // The next line of the worker comes when the wait is over already.
    await Bun.sleep(0);
    attempt.answer();
    expect(await result).toMatchObject({ kind: "answer" });
    expect(hasTicket()).toBe(false);
  });

  test("does not last for ever when the worker does not tell what is over", async () => {
    await using session = consulting();
    const { id, result, hasTicket } = session.ask({ waitMs: 0 });
    spoolAt(session.place.consults, id).recordOutcome(done(id));
    const attempt = await session.attempt(1);
    session.clock.advance(0);
    attempt.accept();
    await session.pass(1000, 1);
    expect(await result).toMatchObject({ kind: "running" });
    expect(hasTicket()).toBe(true);
    attempt.answer();
  });

  test("of none gives the fault of a call that is not accepted", async () => {
    await using session = consulting();
    const { result } = session.ask({ waitMs: 0 });
    session.clock.advance(0);
    // Without a pause: the keeper spaces its workers.
    for (const number of [1, 2, 3, 4, 5]) {
      (await session.attempt(number)).loseWorker();
    }
    expect(await result).toMatchObject({ kind: "fault" });
  });

  test("is not taken up when the answer is there before", async () => {
    await using session = consulting(5000);
    const { result, hasTicket } = session.ask();
    const attempt = await session.attempt(1);
    attempt.accept();
    attempt.answer();
    expect(await result).toMatchObject({ kind: "answer" });
    expect(session.clock.pending()).toBe(0);
    session.clock.advance(5000);
    expect(hasTicket()).toBe(false);
  });

  test("that is over leaves the caller without further progress", async () => {
    await using session = consulting(5000);
    const { result, progress } = session.ask();
    const attempt = await session.attempt(1);
    attempt.accept();
    session.clock.advance(5000);
    await result;
    attempt.call.onProgress({
      elapsed_ms: 6000,
      message: "turn 4",
      queue_position: 0,
    });
    expect(progress).toEqual([]);
    attempt.answer();
  });

  test("that an earlier image had is over, whether its run is accepted or not", async () => {
    await using session = consulting();
    const { id } = session.place.spool(newId());
    session.consults.follow(id, 0);
    const followed = [{ consult_id: id, started_ms: 0 }];
    expect(session.consults.followed()).toEqual(followed);
    const attempt = await session.attempt(1);
    attempt.accept();
    expect(session.consults.followed()).toEqual(followed);
    attempt.answer();
    await until("it is over", () => session.consults.live().length === 0);
  });

  test("that is over keeps the call alive when its worker dies", async () => {
    await using session = consulting(5000);
    const { result } = session.ask();
    const attempt = await session.attempt(1);
    attempt.accept();
    session.clock.advance(5000);
    await result;
    attempt.loseWorker();
    const second = await session.attempt(2);
    // Fetched, and forgotten where no history is kept, it would run once more.
    expect(second.call.kind).toBe("attach");
    second.answer();
    await until("it is over", () => session.consults.live().length === 0);
  });
});

test("a run that is over is not live, though its worker has not said so yet", async () => {
  await using session = consulting();
  const { id, result } = session.ask();
  const attempt = await session.attempt(1);
  attempt.accept();
  expect(session.consults.live()).toMatchObject([{ consultId: id }]);
  spoolAt(session.place.consults, id).recordOutcome(done(id));
  expect(session.consults.live()).toEqual([]);
  expect(session.consults.isIdle()).toBe(false);
  attempt.answer();
  await result;
  expect(session.consults.isIdle()).toBe(true);
});

describe("a cancellation", () => {
  test.each([true, false])(
    "by the client's time limit gives a ticket and cancels nothing; accepted: %p",
    async (isAccepted) => {
      await using session = consulting();
      const { abort, hasTicket } = session.ask();
      const attempt = await session.attempt(1);
      if (isAccepted) attempt.accept();
      abort.abort("McpError: MCP error -32001: Request timed out");
      if (!isAccepted) {
        expect(hasTicket()).toBe(false);
        attempt.accept();
      }
      expect(hasTicket()).toBe(true);
      expect(attempt.call.signal.aborted).toBe(false);
      attempt.answer();
    },
  );

  test.each([
    ["enough", "The client cancelled the consult: enough."],
    [undefined, "The client cancelled the consult."],
    ["", "The client cancelled the consult."],
    ["Error: Connection closed", "The client cancelled the consult."],
  ])("for the reason %p cancels", async (reason, says) => {
    await using session = consulting();
    const { abort, hasTicket } = session.ask();
    const attempt = await session.attempt(1);
    attempt.accept();
    abort.abort(reason);
    expect(attempt.call.signal.aborted).toBe(true);
    expect(String(attempt.call.signal.reason)).toBe(says);
    expect(hasTicket()).toBe(false);
    attempt.answer();
  });

  test("from before the call cancels it as well", async () => {
    await using session = consulting();
    session.ask({ signal: AbortSignal.abort("enough") });
    const { call } = await session.attempt(1);
    expect(call.signal.aborted).toBe(true);
  });
});

describe("the end of the session", () => {
  test("asks for the end of accepted runs without ticket, of no others", async () => {
    await using session = consulting();
    const plain = session.ask();
    const ticketed = session.ask({ waitMs: 0 });
    const unknown = session.ask();
    (await session.attempt(1)).accept();
    (await session.attempt(2)).accept();
    await session.pass(0, 1);
    await ticketed.result;
    session.consults.end("over");
    expect(plain.cancelReason()).toBe("over");
    expect(ticketed.cancelReason()).toBeUndefined();
    expect(unknown.cancelReason()).toBeUndefined();
    expect(session.keeper.told).toEqual(["end over"]);
  });

  test("leaves a run alone that another process waits for", async () => {
    await using session = consulting();
    const other = newId();
    const spool = session.place.spool(other);
    const { result } = session.ask();
    const attempt = await session.attempt(1);
    attempt.accept(other, true);
    // As though this process were another's: it is alive, and it waits.
    await Bun.write(
      `${spool.directory}/owner.${process.ppid}.json`,
      JSON.stringify(session.place.options.owner),
    );
    session.consults.end("over");
    const { directory } = spoolAt(session.place.consults, other);
    expect(await Bun.file(`${directory}/cancel.json`).exists()).toBe(false);
    expect(releaseRun(directory, self, "too late")).toBe(false);
    attempt.answer(other);
    await result;
  });

  test("says farewell though a spool is gone", async () => {
    await using session = consulting();
    session.ask();
    const gone = newId();
    (await session.attempt(1)).accept(gone);
    session.consults.end("over");
    expect(session.keeper.told).toEqual(["end over"]);
    expect(session.events.join()).toContain(`${gone} was not released`);
  });
});
