// Sessions of clients that nobody here wrote, in both protocol eras, while their server
// becomes another binary; and the two wishes that tests have of it.

import { expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { type BuildIndex, twoBuilds, versions } from "../chaos/builds.ts";
import { makeLaunch } from "../chaos/launch.ts";
import { until } from "../helpers/until.ts";
import { createSandbox, type Sandbox } from "../process/sandbox.ts";
import { clientKinds, type ConnectedClient } from "./clients.ts";

setDefaultTimeout(60_000);

const telemetrySchema = z.looseObject({
  host_rollouts: z.int(),
  restart_count: z.int(),
});
const telemetry = async (client: ConnectedClient) =>
  telemetrySchema.parse(
    (
      await client.callTool("telemetry_snapshot", {
        render: "json",
        detail: "full",
      })
    ).structuredContent,
  );
const healthSchema = z.looseObject({ version: z.string(), pid: z.int() });
const health = async (client: ConnectedClient) => {
  const args = { render: "json", detail: "full" };
  const { structuredContent } = await client.callTool("health_snapshot", args);
  return healthSchema.parse(structuredContent);
};
const untilVersion = (client: ConnectedClient, index: BuildIndex) =>
  until(
    `version ${versions[index]} serves`,
    async () => (await health(client)).version === versions[index],
  );

async function install(sandbox: Sandbox) {
  const { paths } = await twoBuilds();
  return { paths, launch: makeLaunch(sandbox.directory, paths[0]) };
}
const hasty = { PHONE_OPUS_ROLLOUT_STILL_S: "0.05" };
const answered = { response: "The answer is 42." };

test.concurrent.each([...clientKinds])(
  "$client keeps session, consult and progress over a swap ($speaks)",
  async ({ connect, speaks }) => {
    await using sandbox = await createSandbox();
    const { paths, launch } = await install(sandbox);
    const environment = sandbox.environment("answers-slowly", {
      ...hasty,
      FAKE_CLAUDE_MS: "5000",
    });
    await using client = await connect(sandbox, environment, launch.path);
    expect(client.protocolVersion).toBe(speaks);
    const { pid } = await health(client);
    const before = await client.listTools();
    const progress: number[] = [];
    const consult = client.callTool(
      "consult",
      { prompt: "Why?", render: "json" },
      { onprogress: (report) => progress.push(report.progress) },
    );
    await sandbox.untilStarted(1);
    launch.renameOver(paths[1]);
    await untilVersion(client, 1);
    const seen = progress.length;

    const answer = await consult;
    expect(answer.structuredContent).toMatchObject(answered);
    expect(progress.length).toBeGreaterThan(seen);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(await sandbox.starts()).toHaveLength(1);
    expect(await client.listTools()).toEqual(before);
    expect((await health(client)).pid).toBe(pid);
    expect((await telemetry(client)).host_rollouts).toBe(1);
  },
);

async function withHook(
  extra: Record<string, string>,
  use: (
    session: ConnectedClient,
    installed: Awaited<ReturnType<typeof install>>,
  ) => Promise<void>,
): Promise<void> {
  await using sandbox = await createSandbox();
  const installed = await install(sandbox);
  const environment = sandbox.environment("answers", { ...hasty, ...extra });
  for (const { connect } of clientKinds.slice(0, 1)) {
    await using session = await connect(
      sandbox,
      environment,
      installed.launch.path,
    );
    await use(session, installed);
  }
}
const consult = async (session: ConnectedClient, prompt: string) => {
  const result = await session.callTool("consult", { prompt, render: "json" });
  expect(result.structuredContent).toMatchObject(answered);
};
const consultKey = "tools/call:consult";

test("a forced rollout happens once, at its operation", async () => {
  const variable = "PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY";
  await withHook({ [variable]: consultKey }, async (session, installed) => {
    const { pid } = await health(session);
    expect((await telemetry(session)).host_rollouts).toBe(0);
    await consult(session, "first");
    await until(
      "the host has become itself",
      async () => (await telemetry(session)).host_rollouts === 1,
    );
    await consult(session, "second");
    installed.launch.renameOver(installed.paths[1]);
    await untilVersion(session, 1);
    await consult(session, "third");
    expect((await telemetry(session)).host_rollouts).toBe(2);
    expect((await health(session)).pid).toBe(pid);
  });
});

test("a worker is lost once, at its operation, over all images", async () => {
  const variable = "PHONE_OPUS_MCP_TEST_WORKER_CRASH_ONCE_KEY";
  await withHook({ [variable]: consultKey }, async (session, installed) => {
    await consult(session, "first");
    expect((await telemetry(session)).restart_count).toBe(1);
    installed.launch.renameOver(installed.paths[1]);
    await untilVersion(session, 1);
    // The new image has a new worker, and that one stays.
    await consult(session, "second");
    await consult(session, "third");
    expect((await telemetry(session)).restart_count).toBe(2);
  });
});

test("without their variables, or at other operations, they do nothing", async () => {
  const extra = {
    PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY: "tools/call:consult_cancel",
    PHONE_OPUS_MCP_TEST_WORKER_CRASH_ONCE_KEY: "consult",
  };
  await withHook(extra, async (session) => {
    await consult(session, "first");
    await consult(session, "second");
    expect(await telemetry(session)).toMatchObject({
      host_rollouts: 0,
      restart_count: 0,
    });
  });
});
