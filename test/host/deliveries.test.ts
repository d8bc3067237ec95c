// Which worker is told that an answer has reached the client.

import { expect, test } from "bun:test";
import { createDeliveries } from "../../src/host/deliveries.ts";
import type { ToWorker } from "../../src/wire/messages.ts";
import { newId } from "../consult/scene.ts";
import { until } from "../helpers/until.ts";
import { owner, startKeeper } from "./keeping.ts";

function channel() {
  const told: string[] = [];
  const tell = (message: ToWorker) => {
    if (message.kind === "delivered") told.push(message.consult_id);
  };
  return { told, tell };
}

test("what one worker was told no other is told, unless it died", () => {
  const [early, first, second] = [newId(), newId(), newId()];
  const deliveries = createDeliveries(owner, [early]);
  deliveries.add(first);
  expect(deliveries.untold()).toEqual([early, first]);
  const worker = channel();
  deliveries.tell(worker);
  deliveries.add(second);
  deliveries.tell(worker);
  expect(worker.told).toEqual([early, first, second]);
  expect(deliveries.untold()).toEqual([]);
  deliveries.lost();
  const last = newId();
  deliveries.add(last);
  expect(deliveries.untold()).toEqual([early, first, second, last]);
});

test("of many only the last are told again", () => {
  const deliveries = createDeliveries(owner);
  const ids = Array.from({ length: 40 }, () => newId());
  for (const id of ids) deliveries.add(id);
  deliveries.tell(channel());
  deliveries.lost();
  expect(deliveries.untold()).toEqual(ids.slice(-16));
});

test("a worker that dies with a delivery unread leaves it to the next", async () => {
  const { clock, fake, keeper, ask } = startKeeper();
  const { consultId, outcome } = ask();
  const first = await fake.worker(1);
  first.hello();
  const { id } = await first.execution(1);
  first.answer(id, 7);
  await outcome;
  keeper.delivered(consultId);
  first.die({ signal: "SIGKILL" });
  await until("its end is noticed", () => !keeper.isAlive());
  void ask();
  clock.advance(100);
  const second = await fake.worker(2);
  second.hello();
  await second.execution(1);
  expect(second.received()[0]).toEqual({
    kind: "delivered",
    consult_id: consultId,
    owner,
  });
});
