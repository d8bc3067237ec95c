// A client that asks without reading: the host takes only so much, stays small, and
// answers everything, in order, once it is read again.

import { expect, test } from "bun:test";
import { makeScene } from "./scene.ts";
import {
  opening,
  type RawProcess,
  request,
  residentBytes,
  startRaw,
} from "./flood-client.ts";
import { until } from "./session.ts";

const mostBytes = 200e6;
const call = (name: string, arguments_ = {}) => ({
  name,
  arguments: arguments_,
});

const floods = {
  "tools/list": (id: number) => request(id, "tools/list"),
  consult_list: (id: number) =>
    request(id, "tools/call", call("consult_list", { limit: 5 })),
} as const;

/** Resolves once it has taken nothing for a second and a half; with how much it has. */
async function takenWhenBlocked(taker: RawProcess): Promise<number> {
  let last = taker.taken();
  let lastMs = performance.now();
  await until(
    "it takes no more",
    () => {
      if (taker.taken() !== last) lastMs = performance.now();
      last = taker.taken();
      return performance.now() - lastMs > 1500;
    },
    60_000,
  );
  return last;
}

for (const [name, make] of Object.entries(floods)) {
  test(`a flood of ${name} that is not read`, async () => {
    using scene = makeScene();
    const { environment, home } = scene;
    await using host = startRaw(["mcp", "serve"], environment, home);
    await host.send(opening);
    const most = 20_000;
    const all = Array.from({ length: most }, (_, id) => make(id)).join("");
    const sending = host.send(all);
    const taken = await takenWhenBlocked(host);
    expect(taken).toBeLessThan(all.length / 2);
    expect(residentBytes(host.pid)).toBeLessThan(mostBytes);

    const ids: unknown[] = [];
    host.read(({ id }) => void ids.push(id));
    await until("all answered", () => ids.length > most, 120_000);
    await sending;
    expect(ids).toEqual([
      "initialize",
      ...Array.from({ length: most }, (_, id) => id),
    ]);
    expect(residentBytes(host.pid)).toBeLessThan(mostBytes);
  }, 180_000);
}

test("a flood that the worker complains of to a host that does not read", async () => {
  using scene = makeScene();
  const { environment, home } = scene;
  const words = ["mcp", "worker", "--generation", "1"];
  await using worker = startRaw(words, environment, home);
  const most = 100_000;
  const all = "no message at all\n".repeat(most);
  const sending = worker.send(all);
  expect(await takenWhenBlocked(worker)).toBeLessThan(all.length / 2);
  expect(residentBytes(worker.pid)).toBeLessThan(mostBytes);

  let complaints = 0;
  worker.read(({ kind }) => void (complaints += kind === "complaint" ? 1 : 0));
  await until("all complaints", () => complaints === most, 120_000);
  await sending;
  expect(residentBytes(worker.pid)).toBeLessThan(mostBytes);
}, 180_000);

test("hundreds of consults that wait leave the session alive", async () => {
  using scene = makeScene({
    PHONE_OPUS_MAX_RUNNING: "1",
    PHONE_OPUS_MAX_QUEUED: "1000",
    FAKE_CLAUDE_MS: "60000",
  });
  await using host = startRaw(["mcp", "serve"], scene.environment, scene.home);
  const answered = new Set<unknown>();
  host.read(({ id }) => answered.add(id));
  await host.send(opening);
  for (let id = 0; id < 300; id += 1) {
    const question = { prompt: `question ${id}` };
    await host.send(request(id, "tools/call", call("consult", question)));
  }
  // One at a time: a reader that stops does so between two of them.
  for (const id of ["ping 1", "ping 2", "ping 3"]) {
    await host.send(request(id, "ping"));
    await until(`${id} is answered`, () => answered.has(id), 5000);
  }
}, 60_000);
