// A keeper with a worker that the test plays and a clock that it owns.

import { consultIdFromUuid } from "../../src/base/ids.ts";
import { defaultBudget } from "../../src/supervise/budget.ts";
import { createKeeper } from "../../src/host/keeper.ts";
import type { KeeperState } from "../../src/host/keeper-state.ts";
import type { Accepted, WireProgress } from "../../src/wire/messages.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { fakeSpawn } from "./fake-worker.ts";

/** The host that the runs belong to. */
export const owner = { pid: 7, start_time: "81234" };

export function startKeeper(earlier?: KeeperState) {
  const clock = createFakeClock();
  const fake = fakeSpawn();
  const events: string[] = [];
  const keeper = createKeeper({
    command: ["phone-opus", "mcp", "worker"],
    environment: { NAME: "value" },
    owner,
    earlier,
    spawn: fake.spawn,
    clock,
    maxLineBytes: 1000,
    budget: defaultBudget,
    onRedispatch: () => events.push("redispatch"),
    onDispatched: () => {},
    onRestart: () => events.push("restart"),
    onReady: (generation) => events.push(`ready ${generation}`),
    onLost: (generation) => events.push(`lost ${generation}`),
    onAtRest: () => {},
    onComplaint: (detail) => events.push(detail),
  });
  const ask = (prompt = "Why?") => {
    const abort = new AbortController();
    const progress: WireProgress[] = [];
    const accepted: Accepted[] = [];
    const consultId = consultIdFromUuid(Bun.randomUUIDv7());
    const outcome = keeper.consult({
      kind: "consult",
      consultId,
      arguments: { prompt },
      signal: abort.signal,
      onAccepted: (each) => accepted.push(each),
      onProgress: (each) => progress.push(each),
    });
    return { abort, accepted, consultId, progress, outcome };
  };
  return { clock, fake, events, keeper, ask };
}

export const success = (result: unknown) => ({
  status: "success" as const,
  result,
});

export function fault(code: string, generation: number) {
  return { status: "fault", fault: { fault: { code, generation } } };
}
