// The candidate's part of a rehearsal.

import { describe, expect, test } from "bun:test";
import { proofSchema } from "../../src/host/candidate.ts";
import { prove } from "../../src/host/prove.ts";
import { coldSession } from "../../src/host/session-state.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { sampleCapsule } from "./capsules.ts";
import { ownTools } from "./continuing.ts";
import { modernMeta, request } from "./sessions.ts";

const proven = (session = sampleCapsule().session) =>
  prove(
    { ok: true, capsule: sampleCapsule({ purpose: "prove", session }) },
    createFakeClock(),
    1 << 20,
  );

describe("a session is restored, and what is offered is said", () => {
  test("with calls that go on", async () => {
    const proof = await proven();
    expect(proofSchema.parse(proof).tools).toEqual(ownTools());
  });

  test("before it began", async () => {
    expect(await proven(coldSession)).toMatchObject({ ready: true });
  });

  test("of the newer era, with a subscription", async () => {
    const frameOf = (id: number, method: string, params: object) => ({
      id,
      startedMs: 0,
      operation: method,
      frame: JSON.stringify(
        request(id, method, { ...params, _meta: modernMeta }),
      ),
    });
    const pending = [
      frameOf(1, "subscriptions/listen", {
        notifications: { toolsListChanged: true },
      }),
      frameOf(2, "tools/call", { name: "consult", arguments: { prompt: "?" } }),
    ];
    expect(await proven({ ...coldSession, pending })).toMatchObject({
      ready: true,
    });
  });
});

test("a capsule that was refused is the problem", async () => {
  const problem = "The capsule /x is refused: it is cut short.";
  const refused = { ok: false, problem } as const;
  expect(await prove(refused, createFakeClock(), 1 << 20)).toEqual({
    ready: false,
    problem,
  });
});

test("a session that cannot be restored is the problem", async () => {
  const { session } = sampleCapsule();
  const opening = ['{"method":7}'];
  expect(await proven({ ...session, opening })).toMatchObject({
    ready: false,
    problem: expect.any(String) as unknown,
  });
});
