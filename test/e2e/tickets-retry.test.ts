// The same question asked again: after the client's own time limit, from two hosts at
// once, on purpose afresh, and after its user took it back.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { createSandbox } from "../process/sandbox.ts";
import { textOf } from "./host.ts";
import {
  answer,
  connectSdk1,
  idOf,
  listed,
  ticket,
  ticketClients,
} from "./tickets.ts";

describe.each([...ticketClients])("$client", ({ connect }) => {
  test("that timed out asks again, and Claude has run once", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "3000" }),
    );
    const args = { prompt: "Why?" };
    const failure = await client
      .callTool("consult", args, { timeout: 800 })
      .then(textOf, String);
    expect(failure).toContain("timed out");
    await sandbox.untilStarted(1);
    expect((await sandbox.runsLeft()).length).toBeGreaterThan(0);
    const text = textOf(await client.callTool("consult", args));
    expect(text).toEndWith(`response:\n${answer}`);
    expect(text).toContain("\nattached: to c_");
    expect(await sandbox.starts()).toHaveLength(1);
  });

  test("that timed out asks again when the answer is there, and is told once", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1500" }),
    );
    const args = { prompt: "Why?", render: "json" };
    await client
      .callTool("consult", args, { timeout: 500 })
      .then(textOf, String);
    await sandbox.untilStarted(1);
    await sandbox.untilNoRuns();
    const attached = await client.callTool("consult", args);
    expect(attached.structuredContent).toMatchObject({
      response: answer,
      attached: true,
    });
    expect(await sandbox.starts()).toHaveLength(1);
    // It has arrived now: whoever asks the same again wants it answered again.
    const next = await client.callTool("consult", args);
    expect(next.structuredContent).not.toHaveProperty("attached");
    expect(await sandbox.starts()).toHaveLength(2);
  });

  test("aborted by its user stops the run with its grandchild", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    const abort = new AbortController();
    const call = client
      .callTool("consult", { prompt: "Why?" }, { signal: abort.signal })
      .then(textOf, () => "aborted");
    await until("the grandchild lives", () => {
      return sandbox.grandchildren().length === 1;
    });
    abort.abort("the user pressed escape");
    expect(await call).toBe("aborted");
    await sandbox.untilNoRuns();
    await until("the list says so", async () => {
      const [[, status] = []] = await listed(client);
      return status === "cancelled";
    });
  });
});

test("fresh starts another run of the same question", async () => {
  await using sandbox = await createSandbox();
  await using client = await connectSdk1(
    sandbox,
    sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1500" }),
  );
  const first = await ticket(client, { prompt: "Why?" });
  const attached = await ticket(client, { prompt: "Why?" });
  const fresh = await ticket(client, { prompt: "Why?", fresh: true });
  expect(attached).toBe(first);
  expect(fresh).not.toBe(first);
  for (const consult_id of [first, fresh]) {
    const result = await client.callTool("consult_wait", { consult_id });
    expect(textOf(result)).toEndWith(answer);
  }
  expect(await sandbox.starts()).toHaveLength(2);
});

test.each([
  ["another prompt", { prompt: "Why not?" }],
  ["another model", { prompt: "Why?", model: "haiku" }],
  ["another effort", { prompt: "Why?", effort: "low" }],
  ["another directory", { prompt: "Why?", cwd: ".." }],
])("%s is another question", async (_, other) => {
  await using sandbox = await createSandbox();
  await using client = await connectSdk1(
    sandbox,
    sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1000" }),
  );
  const first = await ticket(client, { prompt: "Why?" });
  expect(await ticket(client, other)).not.toBe(first);
  await sandbox.untilStarted(2);
});

test("two hosts that ask the same at once start Claude once", async () => {
  await using sandbox = await createSandbox();
  const environment = sandbox.environment("answers-slowly", {
    FAKE_CLAUDE_MS: "1500",
  });
  await using one = await connectSdk1(sandbox, environment);
  await using two = await connectSdk1(sandbox, environment);
  const results = await Promise.all(
    [one, two, one, two].map((client) =>
      client.callTool("consult", { prompt: "Why?", detail: "full" }),
    ),
  );
  const texts = results.map(textOf);
  for (const text of texts) expect(text).toEndWith(answer);
  expect(new Set(texts.map(idOf)).size).toBe(1);
  expect(texts.filter((text) => text.includes("\nattached: "))).toHaveLength(3);
  expect(await sandbox.starts()).toHaveLength(1);
});

test("a host that leaves does not end what another waits for", async () => {
  await using sandbox = await createSandbox();
  const environment = sandbox.environment("answers-slowly", {
    FAKE_CLAUDE_MS: "2500",
  });
  await using stays = await connectSdk1(sandbox, environment);
  const leaves = await connectSdk1(sandbox, environment);
  const lost = leaves.callTool("consult", { prompt: "Why?" }).catch(() => {});
  await sandbox.untilStarted(1);
  const call = stays.callTool("consult", { prompt: "Why?" });
  await until("both wait", () => owners(sandbox.consults) === 2);
  await leaves[Symbol.asyncDispose]();
  await lost;
  expect(textOf(await call)).toEndWith(answer);
  expect(await sandbox.starts()).toHaveLength(1);
});

function owners(consults: string): number {
  return [...new Bun.Glob("*/owner.*.json").scanSync(consults)].length;
}
