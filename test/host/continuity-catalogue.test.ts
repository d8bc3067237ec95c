// What a client that goes on with another image is told of its tools, in both eras.

import { describe, expect, test } from "bun:test";
import type { Capsule } from "../../src/host/capsule.ts";
import {
  continuing,
  opened,
  ownTools,
  settled,
  successor,
} from "./continuing.ts";
import { workerResult } from "./fake-keeper.ts";
import { modernMeta, request } from "./sessions.ts";

describe("the catalogue", () => {
  const resumedWith = async (shown: Capsule["shown_tools"]) => {
    const here = await opened();
    await here.swap("another binary");
    const capsule = await here.capsule();
    const next = successor(here, { ...capsule, shown_tools: shown });
    next.send(request(1, "ping"));
    await next.answer(1);
    await settled();
    await next[Symbol.asyncDispose]();
    await here[Symbol.asyncDispose]();
    return next.output
      .messages()
      .filter((message) => JSON.stringify(message).includes("list_changed"));
  };

  test("is announced when it is another than was shown", async () => {
    expect(await resumedWith(ownTools().slice(1))).toEqual([
      { jsonrpc: "2.0", method: "notifications/tools/list_changed" },
    ]);
  });

  test("is not announced when it is the same, or was never shown", async () => {
    expect(await resumedWith(ownTools())).toEqual([]);
    expect(await resumedWith(null)).toEqual([]);
  });
});

describe("the newer era", () => {
  const modern = (id: number, method: string, params = {}) =>
    request(id, method, { ...params, _meta: modernMeta });

  test("goes on without an opening", async () => {
    await using here = continuing();
    here.send(modern(1, "tools/list"));
    await here.answer(1);
    here.send(
      modern(2, "tools/call", {
        name: "consult",
        arguments: { prompt: "Why?" },
      }),
    );
    await here.workers.worker(1);
    await here.swap("another binary");
    const capsule = await here.capsule();
    expect(capsule.session).toMatchObject({
      is_initialized: false,
      is_older_era: false,
      opening: [],
    });
    await using next = successor(here, capsule);
    const worker = await next.workers.worker(1);
    worker.hello();
    const { id, consult_id } = await worker.execution(1);
    worker.answer(id, workerResult(consult_id, "Why?"));
    await next.answer(2);
    next.send(modern(3, "tools/list"));
    expect(await next.answer(3)).toMatchObject({ result: {} });
    expect(next.answersTo(1)).toEqual([]);
  });

  test("keeps its subscription, acknowledged once", async () => {
    await using here = continuing();
    const acknowledgements = (lines: readonly string[]) =>
      lines.filter((line) => line.includes("subscriptions/acknowledged"));
    here.send(
      modern(1, "subscriptions/listen", {
        notifications: { toolsListChanged: true },
      }),
    );
    await here.drive(
      "it is acknowledged",
      () => acknowledgements(here.output.lines).length === 1,
    );
    await here.swap("another binary");
    const capsule = await here.capsule();
    const shown = ownTools().slice(1);
    await using next = successor(here, { ...capsule, shown_tools: shown });
    next.send(modern(2, "tools/list"));
    await next.answer(2);
    await settled();
    expect(acknowledgements(next.output.lines)).toEqual([]);
    expect(next.output.lines.join("\n")).toContain(
      "notifications/tools/list_changed",
    );
  });
});
