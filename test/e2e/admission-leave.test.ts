// Who leaves the queue, dies in it or never gets into it: nobody else has to wait, and
// Claude is never started for them.

import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { startSession } from "../chaos/session.ts";
import { connect, faultOf, responseOf } from "./supervision-client.ts";
import { supervisionPlace } from "./supervision-place.ts";

setDefaultTimeout(30_000);

const place = supervisionPlace({
  PHONE_OPUS_MAX_RUNNING: "2",
  FAKE_CLAUDE_MS: "800",
});
const { accepted, begin, spools, started, starts } = place;

const answer = "The answer is 42.";
const one = { PHONE_OPUS_MAX_RUNNING: "1" };

test("one cancelled in the queue never starts Claude", async () => {
  await using session = await begin({ ...one, FAKE_CLAUDE_MS: "1500" });
  const first = session.consult("first");
  await started(1);
  const stop = new AbortController();
  const second = session.consult("second", { signal: stop.signal });
  second.catch(() => {});
  await accepted(2);
  stop.abort();
  expect(responseOf(await first)).toBe(answer);
  expect(responseOf(await session.consult("third"))).toBe(answer);
  expect(await starts()).toBe(2);
});

for (const delayMs of [0, 25]) {
  test(`one cancelled ${delayMs} ms after its turn came gives its place up`, async () => {
    await using session = await begin({ ...one, FAKE_CLAUDE_MS: "300" });
    const first = session.consult("first");
    await accepted(1);
    const stop = new AbortController();
    const second = session.consult("second", { signal: stop.signal });
    second.catch(() => {});
    await accepted(2);
    await first;
    await Bun.sleep(delayMs);
    stop.abort();
    const late = Bun.sleep(8000).then(() => "no answer");
    const third = session.consult("third").then(responseOf);
    expect(await Promise.race([third, late])).toBe(answer);
  });
}

test("consult_cancel ends one in the queue, at once and before Claude is started", async () => {
  await using session = await begin({ ...one, FAKE_CLAUDE_MS: "2500" });
  const first = session.consult("first");
  await started(1);
  const ticket = await session.call("consult", {
    prompt: "second",
    render: "json",
    wait_s: 0,
  });
  const consult_id = ticket.structuredContent?.["consult_id"];
  const { fault } = faultOf(
    await session.call("consult_cancel", { consult_id }),
  );
  expect(fault.code).toBe("cancelled");
  expect((await session.health()).running).toHaveLength(1);
  expect(responseOf(await first)).toBe(answer);
  expect(await starts()).toBe(1);
});

for (const wait of [{}, { wait_s: 0 }]) {
  const kind = "wait_s" in wait ? "tickets" : "calls";
  test(`a host that dies with ${kind} in the queue blocks no other`, async () => {
    const own = {
      ...place.scene().environment,
      ...one,
      PHONE_OPUS_ORPHAN_GRACE_S: "1",
    };
    const dying = await startSession(own, place.scene().home);
    for (const number of [1, 2, 3]) {
      dying.ask("consult", { prompt: `of the dead ${number}`, ...wait });
    }
    await accepted(3);
    await started(1);
    for (const pid of [...dying.workerPids(), dying.pid]) {
      process.kill(pid, "SIGKILL");
    }
    await dying.exited;
    await using session = await connect(own, place.scene().home);
    const late = Bun.sleep(8000).then(() => "no answer");
    const mine = session.consult("of the living").then(responseOf);
    expect(await Promise.race([mine, late])).toBe(answer);
  });
}

test("outside the allowed roots nothing is spawned", async () => {
  const root = join(place.scene().home, "allowed");
  mkdirSync(root);
  await using session = await begin({ PHONE_OPUS_ALLOWED_ROOTS: root });
  const { fault } = faultOf(await session.consult("here?"));
  expect(fault.code).toBe("invalid_input");
  expect(fault.detail).toContain(`(${root})`);
  expect(await starts()).toBe(0);
  expect(() => readdirSync(spools())).toThrow("ENOENT");
  const inside = await session.call("consult", { prompt: "there?", cwd: root });
  expect(inside.isError).toBe(false);
});
