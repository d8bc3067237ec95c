// Whose turn it is, over several processes' admissions on one ledger.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConsultId } from "../../src/base/ids.ts";
import { acceptConsult, QueueFullError } from "../../src/consult/accept.ts";
import { createAdmission, type Turn } from "../../src/consult/admission.ts";
import { claimRun, grantTicket } from "../../src/consult/custody.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import type { Clock } from "../../src/sys/clock.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { identifyProcess } from "../../src/sys/processes.ts";

let home = "";
let nowMs = 0;
let timers: { readonly atMs: number; readonly ring: () => void }[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "phone-opus-admission-"));
  nowMs = 1_800_000_000_000;
  timers = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const clock: Clock = {
  unixMs: () => nowMs,
  monotonicMs: () => nowMs,
  after: (ms, ring) => {
    const timer = { atMs: nowMs + ms, ring };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  },
};

function pass(ms: number): void {
  const endMs = nowMs + ms;
  for (;;) {
    const next = timers.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined || next.atMs > endMs) break;
    timers = timers.filter((timer) => timer !== next);
    nowMs = next.atMs;
    next.ring();
  }
  nowMs = endMs;
}

const ledger = () => ({
  path: join(home, "ledger.sqlite"),
  consultsDirectory: join(home, "consults"),
});
const log = (line: string) => {
  throw new Error(line);
};
const self = identifyProcess(process.pid);
/** One that was there once and is no more. */
const dead = { pid: process.pid, start_time: "1" };

function accept(owner = self, maxQueued = 64): ConsultId {
  const options = {
    ledger: ledger(),
    clock,
    owner,
    maxRunning: 1,
    maxQueued,
    log,
  };
  const id = newConsultId();
  acceptConsult(options, id, { prompt: id, cwd: "/" }, false);
  return id;
}
const admission = (maxRunning: number) =>
  createAdmission({ ledger: ledger(), clock, log, maxRunning });
const directoryOf = (id: ConsultId) =>
  spoolAt(ledger().consultsDirectory, id).directory;
function end(id: ConsultId): void {
  const open = openLedger(ledger());
  open.update(id, { status: "done" });
  open.close();
}

test("so many at once, the others in their order over all processes", () => {
  const [here, there] = [admission(2), admission(2)];
  const order: number[] = [];
  const ids = Array.from({ length: 5 }, () => accept());
  const turns = ids.map((id, index) =>
    (index % 2 === 0 ? here : there).queue(id, () => {}),
  );
  const look = () => {
    for (const [index, turn] of turns.entries()) {
      if (turn.hasCome() && !order.includes(index)) order.push(index);
    }
  };
  look();
  expect(order).toEqual([0, 1]);
  for (const [index, id] of ids.entries()) {
    end(id);
    pass(200);
    look();
    const expected = Math.min(5, index + 3);
    expect(order.length).toBe(expected);
  }
  expect(order).toEqual([0, 1, 2, 3, 4]);
});

test("a turn that has come is told at once, and is at place 0", () => {
  let changes = 0;
  const turn = admission(1).queue(accept(), () => void (changes += 1));
  expect([turn.hasCome(), turn.position(), changes]).toEqual([true, 0, 1]);
  expect(timers).toEqual([]);
});

test("places are told as they change", () => {
  const places: number[] = [];
  const here = admission(1);
  const [first, second, third] = [accept(), accept(), accept()];
  here.queue(first, () => {});
  here.queue(second, () => {});
  let turn: Turn | undefined;
  const note = () => void places.push(turn?.position() ?? -1);
  turn = here.queue(third, note);
  expect(turn.position()).toBe(2);
  end(first);
  pass(200);
  end(second);
  pass(200);
  expect(places.slice(-2)).toEqual([1, 0]);
});

test("the place counts those of other processes in between", () => {
  const [here, there] = [admission(1), admission(1)];
  const ids = Array.from({ length: 5 }, () => accept());
  const turns = ids.map((id, index) =>
    (index === 2 || index === 3 ? there : here).queue(id, () => {}),
  );
  pass(200);
  expect(turns.map((turn) => turn.position())).toEqual([0, 1, 2, 3, 4]);
});

test("who leaves is not waited for", () => {
  const here = admission(1);
  const [first, second, third] = [accept(), accept(), accept()];
  here.queue(first, () => {});
  const leaver = here.queue(second, () => {});
  const turn = here.queue(third, () => {});
  leaver.leave();
  end(second);
  end(first);
  pass(200);
  expect([leaver.hasCome(), turn.hasCome()]).toEqual([false, true]);
});

test("one whose owner died is passed over", () => {
  accept(dead);
  expect(
    admission(1)
      .queue(accept(), () => {})
      .hasCome(),
  ).toBe(true);
});

test("one with a ticket that nobody drives blocks nobody", () => {
  grantTicket(directoryOf(accept(dead)));
  expect(
    admission(1)
      .queue(accept(), () => {})
      .hasCome(),
  ).toBe(true);
});

test("a run counts while it starts and while its runner lives, then no more", async () => {
  const runner = Bun.spawn(["sleep", "60"]);
  try {
    const identity = identifyProcess(runner.pid);
    if (identity === undefined) throw new Error("sleep is not there");
    const first = accept();
    const here = admission(1);
    here.queue(first, () => {});
    const turn = here.queue(accept(), () => {});
    pass(14_000);
    expect(turn.hasCome()).toBe(false);
    claimRun(directoryOf(first), identity);
    pass(10_000);
    expect(turn.hasCome()).toBe(false);
    runner.kill("SIGKILL");
    await runner.exited;
    pass(400);
    expect(turn.hasCome()).toBe(true);
  } finally {
    runner.kill("SIGKILL");
  }
});

test("a run whose runner is gone does not count because the clock was set back", () => {
  admission(1).queue(accept(), () => {});
  nowMs -= 3_600_000;
  expect(
    admission(1)
      .queue(accept(), () => {})
      .hasCome(),
  ).toBe(true);
});

test("a successor of a worker that died after the admission need not wait", () => {
  const id = accept();
  admission(1).queue(id, () => {});
  expect(
    admission(1)
      .queue(id, () => {})
      .hasCome(),
  ).toBe(true);
});

test("a spool that is gone is passed over", () => {
  const first = accept();
  rmSync(directoryOf(first), { recursive: true });
  expect(
    admission(1)
      .queue(accept(), () => {})
      .hasCome(),
  ).toBe(true);
});

test("a full queue refuses, and leaves nothing", () => {
  accept(self, 1);
  accept(self, 1);
  expect(() => accept(self, 1)).toThrow(QueueFullError);
  const open = openLedger(ledger());
  expect(open.count()).toBe(2);
  open.close();
});

test("consults that nobody awaits do not fill the queue", () => {
  accept(dead, 1);
  accept(dead, 1);
  expect(() => accept(self, 1)).not.toThrow();
});
