// A binary that is good in its rehearsal and dies once it has the session: it is
// condemned, the one before it serves the next session, and what ran is not lost.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { describeError } from "../../src/base/json.ts";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import { buildMortal } from "./mortal-build.ts";
import { capsulesIn } from "./launch.ts";
import { openRollout } from "./rollout-scene.ts";
import { survivors, until } from "./session.ts";

setDefaultTimeout(60_000);

const idSchema = z.looseObject({ consult_id: z.string() });
const condemnedReason =
  /^The new binary died within 10 s of taking over, so the one before it serves/;

/** At once, and a while after it answered. */
const deaths = {
  "at once": `process.kill(process.pid, "SIGKILL");`,
  "while it serves": `setTimeout(() => process.kill(process.pid, "SIGKILL"), 700);`,
};

test.each(Object.entries(deaths))(
  "one that dies %s is condemned, and the one before it serves",
  async (_, lastWords) => {
    await using rollout = await openRollout({ FAKE_CLAUDE_MS: "1500" });
    const { client, launch, scene } = rollout;
    const mortal = await buildMortal(
      join(scene.home, "mortal"),
      "6.6.6",
      lastWords,
    );
    const first = await client.call("consult", {
      prompt: "asked of the first",
      render: "json",
      wait_s: 0,
    });
    const { consult_id } = idSchema.parse(first.result?.structuredContent);
    launch.switchTo(mortal);
    // A client goes on asking, and sees its server die.
    const served = client.untilHealth("never", () => false, 30_000);
    expect(await served.catch(describeError)).toContain(
      "the host ended without an answer",
    );
    expect(await client.exited).not.toBe(0);

    await using second = await rollout.connect("claude-code");
    const health = await second.health();
    expect(health).toMatchObject({ version: "0.0.1", rollout: "refused" });
    expect(health.rollout_reason).toMatch(condemnedReason);
    expect(second.stderr()).toContain("died after it took over: going back");
    expect(capsulesIn(scene.stateHome)).toEqual([]);

    const answer = await second.call("consult_wait", {
      consult_id,
      render: "json",
    });
    expect(answer.result?.structuredContent).toMatchObject({
      consult_id,
      response: "The answer is 42.",
    });
    expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(1);

    // The next session is served the same way; nobody tries the other again.
    await using third = await rollout.connect("claude-code");
    expect(await third.health()).toMatchObject({
      version: "0.0.1",
      rollout: "refused",
    });

    // A good one is taken by both.
    launch.switchTo(rollout.other().path);
    rollout.turn();
    await rollout.untilServed(second);
    await rollout.untilServed(third);
  },
);

test("reload has a condemned binary tried again", async () => {
  await using rollout = await openRollout();
  const { client, launch, scene } = rollout;
  const mark = join(scene.home, "is-mended");
  const mortal = await buildMortal(
    join(scene.home, "mortal"),
    "6.6.6",
    `if (!(await Bun.file(${JSON.stringify(mark)}).exists())) process.exit(1);`,
  );
  launch.switchTo(mortal);
  expect(await client.exited).toBe(1);
  await using second = await rollout.connect("claude-code");
  await second.untilHealth("refused", ({ rollout: is }) => is === "refused");
  await Bun.write(mark, "");
  const reload = Bun.spawnSync([launch.path, "mcp", "reload"], {
    cwd: scene.home,
    env: scene.environment,
  });
  expect(reload.exitCode).toBe(0);
  const health = await second.untilHealth(
    "it is tried again",
    ({ version }) => version === "6.6.6",
  );
  expect(health).toMatchObject({ pid: second.pid, rollout: "stable" });
});

test("a session that ends soon after a swap condemns nothing", async () => {
  await using rollout = await openRollout();
  const { client, scene } = rollout;
  await rollout.upgrade();
  const handoffs = join(scene.stateHome, "phone_opus/mcp/handoffs");
  expect(readdirSync(handoffs)).toEqual([`${client.pid}.json`]);
  process.kill(client.pid, "SIGTERM");
  expect(await client.exited).toBe(0);
  expect(readdirSync(handoffs)).toEqual([]);
  await using second = await rollout.connect("claude-code");
  expect(await second.health()).toMatchObject({
    version: rollout.version(),
    rollout: "stable",
  });
  await until("one host", () => survivors(scene.stateHome).length === 1, 5000);
});
