// Waiting for a run: a runner where there is none, the outcome the moment it is there,
// one fault where no runner lives long enough, and force for a runner that is stuck. On a
// clock that the test moves: what happens without it happens without the tick.

import { describe, expect, test } from "bun:test";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { until } from "./consulting.ts";
import { attaching, idleProcess, ownIdentity } from "./attaching.ts";

const lost = (id: string, why: string) => ({
  status: "failed",
  fault: {
    fault: {
      generation: 1,
      class: "process",
      code: "process_failure",
      directive: "restart_and_replay",
      detail: `The process that runs this consult ${why}: see runner.log in its spool, then ask again.`,
    },
    stage: "worker",
    operation: "tools/call:consult",
    jsonrpc_code: -32603,
    retryable: true,
    retried: false,
    consult_id: id,
  },
});

describe("a runner", () => {
  test("is not started where the outcome is there", async () => {
    using here = attaching();
    here.spool.recordOutcome(here.outcome);
    expect(await here.attach()).toEqual(here.outcome);
    expect(here.runners()).toBe(0);
    expect(here.clock.pending()).toBe(0);
  });

  test("is not started where another drives the run", async () => {
    using here = attaching();
    here.claim(ownIdentity());
    const attached = here.attach();
    here.clock.advance(60_000);
    here.spool.recordOutcome(here.outcome);
    expect(await attached).toEqual(here.outcome);
    expect(here.runners()).toBe(0);
  });

  test("is started once, however long it takes to claim the run", async () => {
    using here = attaching();
    const attached = here.attach();
    for (let tick = 0; tick < 40; tick += 1) {
      here.clock.advance(250);
      await Bun.sleep(0);
    }
    expect(here.runners()).toBe(1);
    here.spool.recordOutcome(here.outcome);
    expect(await attached).toEqual(here.outcome);
  });

  test("that dies before it claims the run is followed by the next", async () => {
    using here = attaching(({ number, end }) => {
      if (number === 3) here.spool.recordOutcome(here.outcome);
      end();
    });
    expect(await here.attach()).toEqual(here.outcome);
    expect(here.runners()).toBe(3);
  });

  test("of a foreign run that dies is followed by one of ours", async () => {
    await using other = idleProcess();
    using here = attaching(() => here.spool.recordOutcome(here.outcome));
    here.claim(other.identity);
    const attached = here.attach();
    other.child.kill("SIGKILL");
    await other.child.exited;
    here.clock.advance(250);
    expect(await attached).toEqual(here.outcome);
    expect(here.runners()).toBe(1);
  });

  test("that keeps dying makes one fault, not a runner for ever", async () => {
    using here = attaching(({ end }) => end());
    expect<unknown>(await here.attach()).toEqual(lost(here.id, "kept dying"));
    expect(here.runners()).toBe(5);
    expect(here.clock.pending()).toBe(0);
  });

  test("that cannot be started makes one, too, with the system's words", async () => {
    using here = attaching();
    const outcome = await here.attach(undefined, {
      ...here.ports,
      startRunner: () => ({ ok: false, code: "EAGAIN", reason: "no process" }),
    });
    expect<unknown>(outcome).toEqual(
      lost(here.id, "could not be started: no process"),
    );
  });
});

describe("the outcome", () => {
  test("is seen at once, without a tick", async () => {
    using here = attaching();
    const attached = here.attach();
    here.spool.recordOutcome(here.outcome);
    expect(await attached).toEqual(here.outcome);
    expect(here.clock.monotonicMs()).toBe(1000);
    expect(here.clock.pending()).toBe(0);
  });

  test("reaches everybody who waits", async () => {
    using here = attaching();
    const attached = [here.attach(), here.attach(), here.attach()];
    here.spool.recordOutcome(here.outcome);
    expect(await Promise.all(attached)).toEqual([
      here.outcome,
      here.outcome,
      here.outcome,
    ]);
  });

  test("that is half written is none yet", async () => {
    using here = attaching();
    const attached = here.attach();
    const path = `${here.spool.directory}/outcome.json`;
    writeFileSync(path, '{"status":"do');
    here.clock.advance(250);
    await Bun.sleep(0);
    here.spool.recordOutcome(here.outcome);
    expect(await attached).toEqual(here.outcome);
  });

  test("of a spool that somebody removed is a fault, not a crash", async () => {
    // As a runner does that finds no request.
    using here = attaching(({ end }) => end());
    here.claim(ownIdentity());
    const attached = here.attach().then(
      ({ status }) => status,
      (error: unknown) => `rejected: ${String(error)}`,
    );
    rmSync(here.spool.directory, { recursive: true });
    here.clock.advance(250);
    expect(await attached).toBe("failed");
  });
});

describe("a caller that waits no more", () => {
  test("leaves the run alone where it goes on for others", async () => {
    using here = attaching();
    const controller = new AbortController();
    const { signal } = controller;
    const attached = here.attach({ signal, onAbort: () => false });
    controller.abort("The client cancelled.");
    expect(await attached).toMatchObject({
      status: "cancelled",
      fault: {
        fault: { code: "cancelled", detail: "The client cancelled." },
        consult_id: here.id,
      },
    });
    expect(here.spool.hasOutcome()).toBe(false);
    expect(here.clock.pending()).toBe(0);
  });

  test("gets the outcome where it ends the run, an answer included", async () => {
    using here = attaching();
    const controller = new AbortController();
    const attached = here.attach({ signal: controller.signal });
    controller.abort("The client cancelled.");
    here.spool.recordOutcome(here.outcome);
    expect(await attached).toEqual(here.outcome);
    // The patience with the runner is taken back.
    expect(here.clock.pending()).toBe(0);
  });

  test("before it began is asked once", async () => {
    using here = attaching();
    let asked = 0;
    const attached = here.attach({
      signal: AbortSignal.abort("too late"),
      onAbort: () => {
        asked += 1;
        return false;
      },
    });
    expect((await attached).status).toBe("cancelled");
    expect([asked, here.runners()]).toEqual([1, 0]);
  });

  test("has a stuck runner killed after twenty seconds, and the next one ends the run", async () => {
    await using stuck = idleProcess();
    using here = attaching(() => here.spool.recordOutcome(here.outcome));
    here.claim(stuck.identity);
    const controller = new AbortController();
    const attached = here.attach({ signal: controller.signal });
    controller.abort("The client cancelled.");
    here.clock.advance(19_999);
    await Bun.sleep(0);
    expect(stuck.child.signalCode).toBeNull();
    here.clock.advance(1);
    await stuck.child.exited;
    expect(String(stuck.child.signalCode)).toBe("SIGKILL");
    here.clock.advance(250);
    expect(await attached).toEqual(here.outcome);
    expect(here.runners()).toBe(1);
  });
});

test("progress is told from Claude's output, from its first line", async () => {
  using here = attaching();
  const line = (text: string) =>
    `${JSON.stringify({ type: "assistant", message: { id: "m", content: [{ type: "text", text }] } })}\n`;
  const lengths: number[] = [];
  const attached = here.attach({
    onProgress: ({ textLength }) => lengths.push(textLength),
  });
  writeFileSync(here.spool.stdoutPath, line("one"));
  await until("the first line is told", () => lengths.at(-1) === 3);
  appendFileSync(here.spool.stdoutPath, line("two!"));
  await until("the second line is told", () => (lengths.at(-1) ?? 0) > 3);
  here.spool.recordOutcome(here.outcome);
  await attached;
  const told = lengths.length;
  appendFileSync(here.spool.stdoutPath, line("three"));
  here.clock.advance(10_000);
  expect(lengths.length).toBe(told);
});
