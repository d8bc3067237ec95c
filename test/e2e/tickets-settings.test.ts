// The settings that rule how long calls wait and what is kept.

import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { until } from "../helpers/until.ts";
import { eventually } from "../process/eventually.ts";
import { livingProcesses } from "../process/processes.ts";
import { createSandbox } from "../process/sandbox.ts";
import { startHost, textOf } from "./host.ts";
import { answer, connectSdk1, idOf, listed, ticket } from "./tickets.ts";

test("PHONE_OPUS_WAIT_S is how long a call waits that does not say", async () => {
  await using sandbox = await createSandbox();
  await using client = await connectSdk1(
    sandbox,
    sandbox.environment("answers-slowly", {
      FAKE_CLAUDE_MS: "2500",
      PHONE_OPUS_WAIT_S: "0.4",
    }),
  );
  const running = textOf(await client.callTool("consult", { prompt: "Why?" }));
  expect(running).toStartWith("consult running id=");
  const consult_id = idOf(running);
  const again = await client.callTool("consult_wait", { consult_id });
  expect(textOf(again)).toStartWith(`consult running id=${consult_id}`);
  const args = { consult_id, wait_s: 60 };
  expect(textOf(await client.callTool("consult_wait", args))).toEndWith(answer);
});

test("PHONE_OPUS_HISTORY=off keeps an answer until it was delivered, and no longer", async () => {
  await using sandbox = await createSandbox();
  await using client = await connectSdk1(
    sandbox,
    sandbox.environment("answers-slowly", {
      FAKE_CLAUDE_MS: "800",
      PHONE_OPUS_HISTORY: "off",
    }),
  );
  const consult_id = await ticket(client, { prompt: "Why?" });
  await sandbox.untilStarted(1);
  await sandbox.untilNoRuns();
  const result = await client.callTool("consult_wait", { consult_id });
  expect(textOf(result)).toEndWith(answer);
  await until("nothing is kept", () => spools(sandbox.consults).length === 0);
  // The row goes after the files, which say more.
  await until(
    "nothing is listed",
    async () => (await listed(client)).length === 0,
  );
  const once = await client.callTool("consult_wait", { consult_id });
  expect(textOf(once)).toContain("There is no consult");
  await client.callTool("consult", { prompt: "And why not?" });
  await until("nothing is kept", () => spools(sandbox.consults).length === 0);
});

test("PHONE_OPUS_HISTORY=off keeps an answer for whoever else waits for it", async () => {
  await using sandbox = await createSandbox();
  const environment = sandbox.environment("answers-slowly", {
    FAKE_CLAUDE_MS: "1000",
    PHONE_OPUS_HISTORY: "off",
  });
  await using fast = startHost(sandbox, environment);
  await using slow = startHost(sandbox, environment);
  await fast.initialize();
  await slow.initialize();
  await fast.call(1, "consult", { prompt: "Why?" });
  await sandbox.untilStarted(1);
  await slow.call(1, "consult", { prompt: "Why?" });
  await until("both wait", () => {
    const owners = new Bun.Glob("*/owner.*.json").scanSync(sandbox.consults);
    return [...owners].length === 2;
  });
  const worker = await eventually("it has a worker", () =>
    livingProcesses().find(
      ({ parent, command }) =>
        parent === slow.piped.pid && command.includes("mcp worker"),
    ),
  );
  process.kill(worker.pid, "SIGSTOP");
  expect(textOf((await fast.answer(1)).result)).toEndWith(answer);
  // Whatever was told of the delivery has been done before this is answered.
  await fast.call(2, "consult", { prompt: "" });
  await fast.answer(2);
  process.kill(worker.pid, "SIGCONT");
  expect(textOf((await slow.answer(1)).result)).toEndWith(answer);
  expect(await sandbox.starts()).toHaveLength(1);
});

function spools(consults: string): string[] {
  return existsSync(consults) ? readdirSync(consults) : [];
}
