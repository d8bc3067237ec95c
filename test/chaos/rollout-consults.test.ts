// Consults on their way while the host becomes another binary: each is answered under
// the id that it was asked by, and Claude was started once for it.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import type { Message, RolloutClient } from "./rollout-client.ts";
import { openRollout, type RolloutScene } from "./rollout-scene.ts";
import { until } from "./session.ts";

setDefaultTimeout(60_000);

const starts = async ({ scene }: RolloutScene) =>
  (await fakeClaudeStarts(scene.startsFile)).length;
const claudeRuns = (rollout: RolloutScene, count: number) =>
  until(
    `Claude was started ${count} times`,
    async () => (await starts(rollout)) === count,
    20_000,
  );

const ask = (client: RolloutClient, id: string, more: object = {}) =>
  client.request(id, "tools/call", {
    name: "consult",
    arguments: { prompt: `Question of ${id}`, render: "json", detail: "full" },
    _meta: { progressToken: `token of ${id}` },
    ...more,
  });

const answerTo = (id: string) => ({
  response: "The answer is 42.",
  prompt: `Question of ${id}`,
});

function progressOf(messages: readonly Message[], id: string): number[] {
  return messages.flatMap(({ method, params }) =>
    method === "notifications/progress" &&
    params?.progressToken === `token of ${id}` &&
    params.progress !== undefined
      ? [params.progress]
      : [],
  );
}

test("eight consults of three seconds survive a swap, with their progress", async () => {
  // The time that a file must lie still is left as people have it.
  await using rollout = await openRollout({
    PHONE_OPUS_ROLLOUT_STILL_S: "",
    FAKE_CLAUDE_MS: "3000",
  });
  const { client } = rollout;
  const ids = Array.from({ length: 8 }, (_, index) => `consult-${index}`);
  const answers = ids.map((id) => ask(client, id));
  await claudeRuns(rollout, ids.length);
  await rollout.upgrade();
  const seen = client.messages.length;
  expect(ids.filter((id) => client.answers.has(id))).toEqual([]);

  for (const [index, id] of ids.entries()) {
    const answer = await answers[index];
    expect(answer?.result?.structuredContent).toMatchObject(answerTo(id));
    expect(client.answers.get(id)).toBe(1);
    const progress = progressOf(client.messages, id);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progressOf(client.messages.slice(seen), id)).not.toEqual([]);
    expect(progressOf(client.messages.slice(0, seen), id)).not.toEqual([]);
  }
  expect(await starts(rollout)).toBe(ids.length);
  expect((await client.health()).generation).toBe(2);
  expect(client.garbage).toEqual([]);
});

test("a consult outlives three swaps", async () => {
  await using rollout = await openRollout({ FAKE_CLAUDE_MS: "3000" });
  const answer = ask(rollout.client, "long");
  await claudeRuns(rollout, 1);
  for (let swap = 0; swap < 3; swap += 1) await rollout.upgrade();
  expect(rollout.client.answers.has("long")).toBe(false);
  expect((await answer).result?.structuredContent).toMatchObject(
    answerTo("long"),
  );
  expect(await starts(rollout)).toBe(1);
});

test("a run that a swap finds shared, and that ends meanwhile, is paid once", async () => {
  await using rollout = await openRollout({ FAKE_CLAUDE_MS: "6000" });
  const { client, scene, launch } = rollout;
  const first = Bun.spawn([launch.path, "consult", "Shared?"], {
    cwd: scene.home,
    env: scene.environment,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  await claudeRuns(rollout, 1);
  const second = client.call("consult", { prompt: "Shared?", render: "json" });
  await client.untilHealth("attached", ({ running }) =>
    running.some(({ progress }) => progress !== "starting"),
  );
  // The image takes its time, and the other one has its answer before it comes.
  const go = join(scene.home, "go");
  launch.write(
    `#!/bin/sh\n[ "$3" = --prove ] || until [ -e ${go} ]; do sleep 0.05; done\nexec ${rollout.other().path} "$@"\n`,
  );
  rollout.turn();
  await first.exited;
  expect(client.answers.get("consult 1")).toBeUndefined();
  await Bun.write(go, "");
  expect((await second).result?.structuredContent).toMatchObject({
    response: "The answer is 42.",
  });
  await rollout.untilServed();
  expect(await starts(rollout)).toBe(1);
});

const runningSchema = z.looseObject({ consult_id: z.string() });
const idOf = ({ result }: Message) =>
  runningSchema.parse(result?.structuredContent).consult_id;
const later = (client: RolloutClient, prompt: string) =>
  client.call("consult", { prompt, render: "json", wait_s: 0 });

test("waits, tickets and the queue go on after a swap", async () => {
  await using rollout = await openRollout({
    FAKE_CLAUDE_MS: "2000",
    PHONE_OPUS_MAX_RUNNING: "2",
  });
  const { client } = rollout;
  const waited = idOf(await later(client, "waited for"));
  const ticket = idOf(await later(client, "fetched later"));
  await claudeRuns(rollout, 2);
  const wait = client.call("consult_wait", {
    consult_id: waited,
    render: "json",
  });
  const queued = ask(client, "queued");
  await client.untilHealth("queued", ({ running }) =>
    running.some(({ queue_position }) => queue_position > 0),
  );
  await rollout.upgrade();

  const answered = { response: "The answer is 42." };
  expect((await wait).result?.structuredContent).toMatchObject({
    ...answered,
    consult_id: waited,
  });
  const fetched = await client.call("consult_wait", {
    consult_id: ticket,
    render: "json",
  });
  expect(fetched.result?.structuredContent).toMatchObject({
    ...answered,
    consult_id: ticket,
  });
  expect((await queued).result?.structuredContent).toMatchObject(
    answerTo("queued"),
  );
  expect(await starts(rollout)).toBe(3);
});

const listSchema = z.looseObject({
  consults: z.array(
    z.looseObject({ consult_id: z.string(), status: z.string() }),
  ),
});
const statuses = async (client: RolloutClient) => {
  const list = await client.call("consult_list", { render: "json" });
  return listSchema
    .parse(list.result?.structuredContent)
    .consults.map(({ status }) => status);
};

test("a consult can be cancelled by name after a swap", async () => {
  await using rollout = await openRollout({ FAKE_CLAUDE_MS: "60000" });
  const { client } = rollout;
  const consult_id = idOf(await later(client, "to be cancelled"));
  await claudeRuns(rollout, 1);
  await rollout.upgrade();
  await client.call("consult_cancel", { consult_id });
  await until(
    "cancelled",
    async () => (await statuses(client)).join() === "cancelled",
    5000,
  );
});

test("a cancellation reaches its consult whenever in a swap it is sent", async () => {
  await using rollout = await openRollout({
    FAKE_CLAUDE_MS: "60000",
    PHONE_OPUS_MAX_RUNNING: "4",
  });
  const { client, scene } = rollout;
  const running = 4;
  const ids = Array.from({ length: 6 }, (_, index) => `cancelled-${index}`);
  for (const id of ids) void ask(client, id).catch(() => {});
  await claudeRuns(rollout, running);
  await client.untilHealth("queued", (health) =>
    health.running.every((run) => run.progress !== "starting"),
  );
  const note = join(scene.stateHome, `phone_opus/hosts/${client.pid}.json`);
  expect(existsSync(note)).toBe(true);
  const upgraded = rollout.upgrade();
  const end = performance.now() + 20_000;
  while (existsSync(note) && performance.now() < end) await Bun.sleep(1);
  // Some before the image goes, some before the new one reads, some after.
  for (const id of ids) {
    const params = { requestId: id, reason: "The user changed their mind." };
    await client.send({ method: "notifications/cancelled", params });
    await Bun.sleep(10);
  }
  await upgraded;
  await until(
    "all are cancelled",
    async () => (await statuses(client)).every((is) => is === "cancelled"),
    10_000,
  );
  expect(await statuses(client)).toHaveLength(ids.length);
  expect(ids.filter((id) => client.answers.has(id))).toEqual([]);
  expect(await starts(rollout)).toBe(running);
});
