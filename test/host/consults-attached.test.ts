// A call that was attached to another's run, when its worker is replaced on purpose: it
// goes on waiting for that run.

import { expect, test } from "bun:test";
import { createCircuit } from "../../src/host/circuit.ts";
import { createConsults } from "../../src/host/consults.ts";
import { defaultBreakerLimits } from "../../src/supervise/breaker.ts";
import { newId, scene, self } from "../consult/scene.ts";
import { until } from "../helpers/until.ts";
import { workerResult } from "./fake-keeper.ts";
import { startKeeper } from "./keeping.ts";

test("a call asks the next worker for the run that it was attached to", async () => {
  await using place = scene(self);
  const other = place.spool(newId()).id;
  const { clock, fake, keeper } = startKeeper();
  const consults = createConsults({
    keeper,
    circuit: createCircuit(defaultBreakerLimits, clock),
    consultsDirectory: place.consults,
    owner: self,
    clock,
    onRetry: () => {},
    log: () => {},
  });
  const runs: string[] = [];
  const own = newId();
  const result = consults.run({
    kind: "consult",
    consultId: own,
    arguments: { prompt: "Why?" },
    signal: new AbortController().signal,
    onProgress: () => {},
    onAccepted: (consultId) => runs.push(consultId),
    waitMs: Infinity,
  });
  const first = await fake.worker(1);
  first.hello();
  const asked = await first.execution(1);
  expect(asked).toMatchObject({ operation: "consult", consult_id: own });
  first.accept(asked.id, other, true);
  first.say({
    kind: "progress",
    id: asked.id,
    progress: { elapsed_ms: 1, message: "turn 1", queue_position: 0 },
  });
  await until(
    "progress has come",
    () => consults.live()[0]?.message === "turn 1",
  );
  keeper.reload();
  first.die();
  const second = await fake.worker(2);
  second.hello();
  const again = await second.execution(1);
  expect(again).toMatchObject({ operation: "consult", consult_id: other });
  second.accept(again.id, other);
  second.answer(again.id, workerResult(other, "Why?"));
  expect(await result).toMatchObject({ kind: "answer", isAttached: true });
  expect(runs).toEqual([other, other]);
});
