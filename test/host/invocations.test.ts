// Which consult each request began, over images of the host.

import { describe, expect, test } from "bun:test";
import { createInvocations } from "../../src/host/invocations.ts";
import type { PendingRequest } from "../../src/host/session-state.ts";
import { newId } from "../consult/scene.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { consultId, sampleCapsule } from "./capsules.ts";

function pendingOf(...asked: [number | string, string, number][]) {
  const pending = asked.map(([id, operation, startedMs]): PendingRequest => ({
    id,
    operation,
    startedMs,
    frame: "",
  }));
  const { session } = sampleCapsule();
  return { ...session, pending };
}

function fresh() {
  const clock = createFakeClock();
  const invocations = createInvocations({ newConsultId: newId, clock });
  return { clock, invocations };
}

function resumed(
  session = sampleCapsule().session,
  calls = sampleCapsule().calls,
) {
  const clock = createFakeClock();
  clock.advance(50_000);
  return createInvocations({
    newConsultId: newId,
    clock,
    earlier: { calls, session },
  });
}

describe("a request", () => {
  test("begins a consult of its own, and is known while it runs", () => {
    const { clock, invocations } = fresh();
    clock.advance(70);
    const first = invocations.begin(1);
    clock.advance(10);
    const second = invocations.begin("1");
    expect(first.consultId).not.toBe(second.consultId);
    expect(first.resumedFromMs).toBeUndefined();
    expect(invocations.state()).toEqual([
      { request_id: 1, consult_id: first.consultId, started_ms: 70 },
      { request_id: "1", consult_id: second.consultId, started_ms: 80 },
    ]);
    invocations.end(1, first);
    invocations.end("1", second);
    expect(invocations.state()).toEqual([]);
  });

  test("that was attached is known by the run that it waits for", () => {
    const { invocations } = fresh();
    const cancelled = invocations.begin(1);
    const invocation = invocations.begin(1);
    const [run, other] = [newId(), newId()];
    invocations.attach(1, invocation, run);
    invocations.attach(1, cancelled, other);
    expect(invocations.state()).toMatchObject([
      { request_id: 1, consult_id: run },
    ]);
    invocations.end(1, invocation);
    expect(invocations.state()).toEqual([]);
  });

  test("that was cancelled does not end its successor with the same id", () => {
    const { invocations } = fresh();
    const cancelled = invocations.begin(1);
    const successor = invocations.begin(1);
    invocations.end(1, cancelled);
    expect(invocations.state()).toMatchObject([
      { request_id: 1, consult_id: successor.consultId },
    ]);
  });
});

describe("an image that goes on", () => {
  test("finds the consult of a request, and when it began", () => {
    const invocations = resumed();
    const invocation = invocations.begin(5);
    expect(invocation).toEqual({ consultId, resumedFromMs: 12_000 });
    // The image after this one finds the same.
    expect(invocations.state()).toEqual(sampleCapsule().calls);
  });

  test("finds it once: the id may be used again after that", () => {
    const invocations = resumed();
    invocations.end(5, invocations.begin(5));
    const again = invocations.begin(5);
    expect(again.consultId).not.toBe(consultId);
    expect(again.resumedFromMs).toBeUndefined();
  });

  test("finds nothing for an id of another kind", () => {
    expect(resumed().begin("5").consultId).not.toBe(consultId);
  });

  test("finds nothing for a request that was cancelled before the handoff", () => {
    const invocations = resumed(pendingOf());
    expect(invocations.begin(5).consultId).not.toBe(consultId);
  });

  test("knows when a wait was first taken, once, and of waits only", () => {
    const invocations = resumed(
      pendingOf(
        [1, "tools/call:consult_wait", 100],
        [2, "tools/call:consult_cancel", 200],
        [3, "tools/call:consult", 300],
        ["4", "ping", 400],
      ),
      [],
    );
    const times = () =>
      [1, 2, 3, "4", 9].map((id) => invocations.resumedFromMs(id));
    expect(times()).toEqual([100, 200, undefined, undefined, undefined]);
    expect(times()).toEqual(Array.from({ length: 5 }, () => undefined));
  });
});
