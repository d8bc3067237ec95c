// Tickets through real clients on the compiled host: a call that does not wait is told
// how to go on, and everything that it is told works.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { eventually } from "../process/eventually.ts";
import { isAlive } from "../process/processes.ts";
import { createSandbox, type Sandbox } from "../process/sandbox.ts";
import { textOf } from "./host.ts";
import { answer, idOf, listed, ticket, ticketClients } from "./tickets.ts";

const slowly = (sandbox: Sandbox, ms: number) =>
  sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: String(ms) });

/** Stands for a line of this form. */
const lineOf = (pattern: string): unknown =>
  expect.stringMatching(new RegExp(pattern));

describe.each([...ticketClients])("$client", ({ connect }) => {
  test("gets the answer of what was still running, as often as it asks", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, slowly(sandbox, 2000));
    const running = await client.callTool("consult", {
      prompt: "Why?",
      wait_s: 0.3,
    });
    expect(running).not.toHaveProperty("structuredContent");
    const consult_id = idOf(textOf(running));
    expect<unknown>(textOf(running).split("\n")).toEqual([
      lineOf(`^consult running id=${consult_id} elapsed=`),
      lineOf("^progress: \\S"),
      `next: call consult_wait with consult_id ${consult_id}; the consult goes on meanwhile, and consult_cancel ends it`,
    ]);

    const again = await client.callTool("consult_wait", {
      consult_id,
      wait_s: 0,
      render: "json",
    });
    expect(again.structuredContent).toMatchObject({
      status: "running",
      consult_id,
      next: "consult_wait",
    });
    expect<unknown>(JSON.parse(textOf(again))).toEqual(again.structuredContent);

    const porcelain = await client.callTool("consult_wait", { consult_id });
    expect(textOf(porcelain)).toStartWith("consult ok turns=5 ");
    expect(textOf(porcelain)).toEndWith(`response:\n${answer}`);
    expect(textOf(porcelain)).not.toContain("attached");
    const json = await client.callTool("consult_wait", {
      consult_id,
      render: "json",
    });
    expect(json.structuredContent).toMatchObject({
      response: answer,
      consult_id,
    });
    expect(json.structuredContent).not.toHaveProperty("attached");
    expect(await sandbox.starts()).toHaveLength(1);
  });

  test("is told that it does not know a consult, and which ids there are", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    const consult_id = "c_0192f0e85b7c7d3a9c1e4f2a6b8d0c13";
    for (const tool of ["consult_wait", "consult_cancel"]) {
      const unknown = await client.callTool(tool, { consult_id });
      expect(unknown.isError).toBe(true);
      expect(textOf(unknown)).toBe(
        `There is no consult ${consult_id}: see consult_list for those that are kept.`,
      );
      const malformed = await client.callTool(tool, { consult_id: "../x" });
      expect(malformed.isError).toBe(true);
      expect(textOf(malformed)).toContain("consult_id");
    }
    expect(await sandbox.starts()).toEqual([]);
  });

  test("ends a running consult with its grandchild", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    const consult_id = await ticket(client, { prompt: "Why?" });
    const grandchild = await eventually(
      "the grandchild lives",
      () => sandbox.grandchildren()[0],
    );
    const result = await client.callTool("consult_cancel", { consult_id });
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { fault: { code: "cancelled" }, consult_id },
    });
    expect(textOf(result)).toContain("cancelled on request");
    expect(await sandbox.runsLeft()).toEqual([]);
    expect(isAlive(grandchild)).toBe(false);
    expect(await listed(client)).toEqual([[consult_id, "cancelled"]]);
    const once = await client.callTool("consult_cancel", { consult_id });
    expect(once.structuredContent).toEqual(result.structuredContent);
  });

  test("ends a consult and gets what was written until then", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("stops-on-sigint"),
    );
    const consult_id = await ticket(client, { prompt: "Why?" });
    const stdout = `${sandbox.consults}/${consult_id}/stdout.jsonl`;
    await until("Claude has written", async () => {
      const file = Bun.file(stdout);
      return (await file.exists()) && (await file.text()).includes("begun");
    });
    const result = await client.callTool("consult_cancel", { consult_id });
    expect(result.structuredContent).toMatchObject({
      fault: { code: "cancelled" },
      consult_id,
      partial_response: "begun",
    });
    expect(result.structuredContent?.["session_id"]).toBeString();
    expect(textOf(result)).toContain("Written so far:\nbegun");
  });

  test("ends a consult in the very moment in which it was taken in", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild", {
        PHONE_OPUS_WAIT_S: "15",
      }),
    );
    const consult_id = await ticket(client, { prompt: "Why?" });
    const result = await client.callTool("consult_cancel", { consult_id });
    expect(textOf(result)).toContain("cancelled on request");
    await sandbox.untilNoRuns();
  });

  test("lists what runs and what ran, newest first", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, slowly(sandbox, 2500));
    expect(textOf(await client.callTool("consult_list"))).toBe("no consults");
    const first = await ticket(client, { prompt: "one", timeout_s: 0.4 });
    await client.callTool("consult_wait", { consult_id: first });
    const second = await ticket(client, { prompt: "two" });
    const third = await ticket(client, { prompt: "three" });
    await sandbox.untilStarted(3);
    expect(await listed(client)).toEqual([
      [third, "running"],
      [second, "running"],
      [first, "failed"],
    ]);
    expect(await listed(client, { running_only: true })).toEqual([
      [third, "running"],
      [second, "running"],
    ]);
    expect(await listed(client, { limit: 1 })).toEqual([[third, "running"]]);
    await client.callTool("consult_wait", { consult_id: second });
    await client.callTool("consult_wait", { consult_id: third });
    expect(await listed(client, { running_only: true })).toEqual([]);
    const text = textOf(await client.callTool("consult_list"));
    expect<unknown>(text.split("\n")).toEqual([
      lineOf(`^done ${third} \\S+s \\$\\S+ .* "three"$`),
      lineOf(`^done ${second} \\S+s \\$\\S+ .* "two"$`),
      lineOf(`^failed ${first} .* "one"$`),
    ]);
  });
});
