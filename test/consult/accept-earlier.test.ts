// The same question again when the first one is over, or its row is behind the truth:
// an answer is given twice only where it did not arrive the first time.

import { expect, test } from "bun:test";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { acceptConsult, withLedger } from "../../src/consult/accept.ts";
import {
  addOwner,
  claimRun,
  hasLiveOwner,
  markDelivered,
  removeOwner,
  requestCancel,
} from "../../src/consult/custody.ts";
import type { ConsultOutcome } from "../../src/consult/answer.ts";
import { outcomeFields } from "../../src/consult/record.ts";
import { until } from "../helpers/until.ts";
import {
  done,
  failed,
  newId,
  request,
  type Scene,
  scene,
  self,
} from "./scene.ts";

/** An earlier consult with the same request, accepted and perhaps ended. */
function earlier(place: Scene) {
  const accepted = acceptConsult(place.options, newId(), request, false);
  return { ...accepted.spool, id: accepted.consultId };
}

type Earlier = ReturnType<typeof earlier>;

/** The file is as old as this scene's clock says. */
function recordNow(place: Scene, spool: Earlier, outcome: ConsultOutcome) {
  spool.recordOutcome(outcome);
  const seconds = place.clock.unixMs() / 1000;
  utimesSync(join(spool.directory, "outcome.json"), seconds, seconds);
}

function close(place: Scene, spool: Earlier, outcome: ConsultOutcome) {
  recordNow(place, spool, outcome);
  withLedger(place.options, (ledger) =>
    ledger.update(spool.id, outcomeFields(outcome, place.clock.unixMs())),
  );
}

/** Whether somebody reads this pipe, and what he reads is nothing. */
function letRead(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** Which consult answers the question now, by its relation to the first. */
function askAgain(place: Scene, first: Earlier) {
  const id = newId();
  const { consultId, isAttached } = acceptConsult(
    place.options,
    id,
    request,
    false,
  );
  if (consultId === first.id && isAttached) return "attached";
  return consultId === id && !isAttached ? "asked anew" : "wrong";
}

test("an answer that did not arrive waits ten minutes for the same question", async () => {
  await using place = scene();
  const first = earlier(place);
  close(place, first, done(first.id));
  place.clock.advance(600_000);
  expect(askAgain(place, first)).toBe("attached");
  place.clock.advance(1);
  expect(askAgain(place, first)).toBe("asked anew");
});

test("a fault that carries a whole answer is given again, it was paid for", async () => {
  await using place = scene();
  const first = earlier(place);
  const answered = done(first.id);
  const fault = failed(first.id);
  if (answered.status !== "done" || fault.status !== "failed") {
    throw new Error("one is done, the other failed");
  }
  close(place, first, { ...fault, answer: answered.answer });
  expect(askAgain(place, first)).toBe("attached");
  place.clock.advance(600_001);
  expect(askAgain(place, first)).toBe("asked anew");
});

test("an answer that arrived is not given again", async () => {
  await using place = scene();
  const first = earlier(place);
  close(place, first, done(first.id));
  withLedger(place.options, (ledger) =>
    ledger.update(first.id, { delivered: 1 }),
  );
  expect(askAgain(place, first)).toBe("asked anew");
});

test("a failure is not given again", async () => {
  await using place = scene();
  const first = earlier(place);
  close(place, first, failed(first.id));
  expect(askAgain(place, first)).toBe("asked anew");
});

// A runner that is killed between the outcome and the row leaves the row behind.
const stale: readonly [
  string,
  (place: Scene, spool: Earlier) => void,
  "attached" | "asked anew",
][] = [
  [
    "an answer that did not arrive",
    (place, spool) => recordNow(place, spool, done(spool.id)),
    "attached",
  ],
  [
    "an answer that arrived",
    (place, spool) => {
      recordNow(place, spool, done(spool.id));
      markDelivered(spool.directory);
    },
    "asked anew",
  ],
  [
    "a failure",
    (place, spool) => recordNow(place, spool, failed(spool.id)),
    "asked anew",
  ],
];

test.each(stale)(
  "behind a row that says it still runs stands %s",
  async (_, end, expected) => {
    await using place = scene();
    const first = earlier(place);
    end(place, first);
    expect(askAgain(place, first)).toBe(expected);
  },
);

test("a run that is being cancelled answers nobody who comes later", async () => {
  await using place = scene();
  const first = earlier(place);
  // Its owner lives, so that nothing else stands against attaching to it.
  addOwner(first.directory, self);
  requestCancel(first.directory, "Escape was pressed.");
  expect(askAgain(place, first)).toBe("asked anew");
});

test("a consult that is there keeps its run, though the same was asked afresh since", async () => {
  await using place = scene();
  const first = earlier(place);
  const fresh = acceptConsult(place.options, newId(), request, true);
  claimRun(fresh.spool.directory, self);
  // Its worker died before it had a runner; others may wait for this id by now.
  const again = acceptConsult(place.options, first.id, request, false);
  expect([again.consultId, again.isAttached, first.exists()]).toEqual([
    first.id,
    false,
    true,
  ]);
});

test("a question that was attached leaves no row, though the ledger was lost meanwhile", async () => {
  await using place = scene();
  const first = earlier(place);
  claimRun(first.directory, self);
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(place.ledger.path + suffix, { force: true });
  }
  // Each of them would else be taken for the run that the next one looks for.
  expect([askAgain(place, first), askAgain(place, first)]).toEqual([
    "attached",
    "attached",
  ]);
});

test("a run is judged again once it is owned, since it may be ended in between", async () => {
  await using place = scene(self);
  const first = earlier(place);
  const wish = join(first.directory, "cancel.json");
  // Whoever reads it waits for us.
  Bun.spawnSync(["mkfifo", wish]);
  const fixture = join(import.meta.dir, "accepts-fixture.ts");
  const asking = Bun.spawn(
    [process.execPath, fixture, place.ledger.path, place.consults],
    { stderr: "inherit" },
  );
  try {
    await until("it is judged", () => letRead(wish));
    const note = join(first.directory, `owner.${asking.pid}.json`);
    await until("it is owned", () => existsSync(note));
    await until("it is judged again", () => letRead(wish));
    expect(await asking.stdout.text()).toBe(first.id);
  } finally {
    asking.kill("SIGKILL");
    await asking.exited;
  }
});

test("a run that is being ended is not owned by who asks anew", async () => {
  await using place = scene(self);
  const first = earlier(place);
  removeOwner(first.directory, self);
  requestCancel(first.directory, "Escape was pressed.");
  expect(askAgain(place, first)).toBe("asked anew");
  expect(hasLiveOwner(first.directory)).toBe(false);
});
