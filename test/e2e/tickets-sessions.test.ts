// Consults beyond the session that began them, and what health says meanwhile.

import { expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { createSandbox } from "../process/sandbox.ts";
import { startHost, textOf } from "./host.ts";
import {
  answer,
  connectSdk1,
  idOf,
  listed,
  ticket,
  ticketClients,
} from "./tickets.ts";

test.each([...ticketClients])(
  "$client fetches what a session left running that ended politely",
  async ({ connect }) => {
    await using sandbox = await createSandbox();
    const environment = sandbox.environment("answers-slowly", {
      FAKE_CLAUDE_MS: "2000",
    });
    let consult_id = "";
    {
      await using client = await connect(sandbox, environment);
      consult_id = await ticket(client, { prompt: "Why?" });
      await sandbox.untilStarted(1);
    }
    expect((await sandbox.runsLeft()).length).toBeGreaterThan(0);
    await using successor = await connect(sandbox, environment);
    expect(await listed(successor, { running_only: true })).toEqual([
      [consult_id, "running"],
    ]);
    const result = await successor.callTool("consult_wait", { consult_id });
    expect(textOf(result)).toEndWith(answer);
    expect(await sandbox.starts()).toHaveLength(1);
  },
);

test("a session finds an answer that came while nobody was there", async () => {
  await using sandbox = await createSandbox();
  const environment = sandbox.environment("answers-slowly", {
    FAKE_CLAUDE_MS: "600",
  });
  let consult_id = "";
  {
    await using client = await connectSdk1(sandbox, environment);
    consult_id = await ticket(client, { prompt: "Why?" });
  }
  await sandbox.untilStarted(1);
  await sandbox.untilNothingRuns();
  await using successor = await connectSdk1(sandbox, environment);
  expect(await listed(successor)).toEqual([[consult_id, "done"]]);
  const result = await successor.callTool("consult_wait", { consult_id });
  expect(textOf(result)).toEndWith(answer);
  expect(await sandbox.starts()).toHaveLength(1);
});

test("health names the tickets that run, and ping is answered meanwhile", async () => {
  await using sandbox = await createSandbox();
  await using host = startHost(
    sandbox,
    sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "2000" }),
  );
  await host.initialize();
  await host.call(1, "consult", { prompt: "one", wait_s: 0 });
  const first = idOf(textOf((await host.answer(1)).result));
  await host.call(2, "consult_wait", { consult_id: first });
  await host.call(3, "consult", { prompt: "three" });
  await sandbox.untilStarted(2);
  await host.request("ping", "ping");
  await host.call("health", "health_snapshot", { detail: "full" });
  expect((await host.answer("ping")).result).toEqual({});
  const health = textOf((await host.answer("health")).result);
  expect(health).toContain(" running=");
  expect(health).toContain(`\nrunning: ${first} for `);
  expect(health).toContain("ready gen=1 worker=alive");
  await host.call("list", "consult_list", { running_only: true });
  const list = textOf((await host.answer("list")).result);
  expect(list.split("\n")).toHaveLength(2);
  for (const id of [2, 3]) {
    expect(textOf((await host.answer(id)).result)).toEndWith(answer);
  }
  await until("health knows that all is over", async () => {
    const id = crypto.randomUUID();
    await host.call(id, "health_snapshot", {});
    return !textOf((await host.answer(id)).result).includes("running=");
  });
});

test("no progress comes once the call has said that it is still running", async () => {
  await using sandbox = await createSandbox();
  await using host = startHost(
    sandbox,
    sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1500" }),
  );
  await host.initialize();
  const args = { prompt: "Why?", wait_s: 0 };
  await host.call(1, "consult", args, { progressToken: "a token" });
  const consult_id = idOf(textOf((await host.answer(1)).result));
  await host.call(2, "consult_wait", { consult_id });
  await host.answer(2);
  const kinds = host.printed().map((each) => ("id" in each ? each.id : "p"));
  expect(kinds.slice(kinds.indexOf(1))).toEqual([1, 2]);
});
