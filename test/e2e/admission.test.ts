// The limit on Claudes at once, as clients see it: over two hosts and a command, in
// order, with cancellations and deaths in the queue.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { survivors, until } from "../chaos/session.ts";
import { fakeClaude } from "../fake-claude/fake-claude.ts";
import { faultOf, responseOf } from "./supervision-client.ts";
import { supervisionPlace } from "./supervision-place.ts";

setDefaultTimeout(30_000);

const place = supervisionPlace({
  PHONE_OPUS_MAX_RUNNING: "2",
  FAKE_CLAUDE_MS: "800",
});
const { accepted, begin, started, starts } = place;

const answer = "The answer is 42.";
const one = { PHONE_OPUS_MAX_RUNNING: "1" };
const long = { ...one, FAKE_CLAUDE_MS: "60000" };

/** Claudes at work: the fakes by their command line. */
function claudes(): number {
  return survivors(place.scene().stateHome).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return (
        words.includes("/fake-claude/answers-slowly.ts") &&
        !words.includes("--version")
      );
    } catch {
      return false;
    }
  }).length;
}

test("never more than two Claudes over two hosts and a command", async () => {
  await using here = await begin();
  await using there = await begin();
  let most = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, claudes());
      await Bun.sleep(10);
    }
  })();
  const results: unknown[] = await Promise.all([
    ...[1, 2, 3].map((n) => here.consult(`here ${n}`).then(responseOf)),
    ...[1, 2, 3].map((n) => there.consult(`there ${n}`).then(responseOf)),
    place
      .phoneOpus("consult", "from a shell")
      .then(({ stdout }) => stdout.trim()),
  ]);
  isOver = true;
  await watching;
  expect(results).toEqual(Array.from({ length: 7 }, () => answer));
  expect(most).toBe(2);
  expect(await starts()).toBe(7);
});

test("first come first served, over two hosts", async () => {
  await using here = await begin({ ...one, FAKE_CLAUDE_MS: "300" });
  await using there = await begin({ ...one, FAKE_CLAUDE_MS: "300" });
  const ended: number[] = [];
  const all: Promise<unknown>[] = [];
  for (let number = 0; number < 6; number += 1) {
    const session = number % 2 === 0 ? here : there;
    all.push(session.consult(`q${number}`).then(() => ended.push(number)));
    await accepted(number + 1);
  }
  await Promise.all(all);
  expect(ended).toEqual([0, 1, 2, 3, 4, 5]);
});

test("the place in the queue is told in progress and health", async () => {
  await using session = await begin({ ...one, FAKE_CLAUDE_MS: "1500" });
  const told: string[] = [];
  const first = session.consult("first");
  await started(1);
  const second = session.consult("second");
  await accepted(2);
  const third = session.consult("third", {
    onProgress: (message) => told.push(message),
  });
  await until(
    "places in health",
    async () => {
      const { running } = await session.health();
      return Bun.deepEquals(
        running.map(({ queue_position }) => queue_position),
        [0, 1, 2],
      );
    },
    3000,
  );
  await Promise.all([first, second, third]);
  const places = told.filter((message) => message.startsWith("queued"));
  expect(places).toEqual(["queued at place 2", "queued at place 1"]);
});

test("one that runs is no longer told to be queued, though it is silent", async () => {
  await using session = await begin({
    ...one,
    PHONE_OPUS_STOP_GRACE_S: "0.2",
    PHONE_OPUS_CLAUDE_BIN: fakeClaude("hangs-silently"),
  });
  const stopFirst = new AbortController();
  const stopSecond = new AbortController();
  const first = session.consult("first", { signal: stopFirst.signal });
  first.catch(() => {});
  await started(1);
  const second = session.consult("second", { signal: stopSecond.signal });
  second.catch(() => {});
  await until(
    "it is queued",
    async () => (await session.health()).running[1]?.queue_position === 1,
    3000,
  );
  stopFirst.abort();
  await started(2);
  await until(
    "it is told to run",
    async () => (await session.health()).running.at(-1)?.queue_position === 0,
    7000,
  );
  stopSecond.abort();
});

for (const waiting of [0, 1]) {
  test(`a queue with room for ${waiting} refuses the next at once`, async () => {
    const session = await begin({
      ...long,
      PHONE_OPUS_MAX_QUEUED: String(waiting),
    });
    const results: Promise<string>[] = [];
    for (let number = 0; number < waiting + 2; number += 1) {
      const call = session.consult(`question ${number}`);
      results.push(
        call.then(
          (result) => faultOf(result).fault.code,
          () => "ended",
        ),
      );
      if (number <= waiting) await accepted(number + 1);
    }
    const late = Bun.sleep(3000).then(() => "nobody was refused");
    expect(await Promise.race([...results, late])).toBe("queue_full");
    await session[Symbol.asyncDispose]();
    await Promise.all(results);
  });
}

test("as many as may run at once fit through a queue without room", async () => {
  await using session = await begin({
    PHONE_OPUS_MAX_RUNNING: "8",
    PHONE_OPUS_MAX_QUEUED: "0",
  });
  await session.consult("warm");
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, n) => session.consult(`question ${n}`)),
  );
  expect(results.map((result) => result.isError)).toEqual(
    Array.from({ length: 8 }, () => false),
  );
});
