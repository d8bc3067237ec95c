// Candidates that only time or the client can judge: those that are not whole yet, and
// those that lack what this session was shown.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openRollout, type RolloutScene } from "./rollout-scene.ts";
import { until } from "./session.ts";

setDefaultTimeout(60_000);

const staysPending = async ({ client }: RolloutScene) => {
  const looks = 4;
  for (let look = 0; look < looks; look += 1) {
    await Bun.sleep(120);
    expect((await client.health()).rollout).toBe("pending");
  }
};

test("half a file that still grows is no candidate until it is whole", async () => {
  await using rollout = await openRollout();
  const { launch } = rollout;
  const written = Promise.withResolvers<void>();
  const copied = launch.copySlowly(rollout.other().path, () => written.promise);
  await until("half a file is there", () => existsSync(launch.path), 5000);
  await staysPending(rollout);
  written.resolve();
  await copied;
  rollout.turn();
  await rollout.untilServed();
  expect(rollout.client.stderr()).toBe("");
});

test("a whole file that its writer has not closed yet is taken once it is", async () => {
  await using rollout = await openRollout();
  const { launch } = rollout;
  const descriptor = openSync(`${launch.path}.new`, "wx", 0o755);
  writeFileSync(descriptor, readFileSync(rollout.other().path));
  renameSync(`${launch.path}.new`, launch.path);
  await staysPending(rollout);
  closeSync(descriptor);
  rollout.turn();
  await rollout.untilServed();
  expect(rollout.client.stderr()).toBe("");
});

test("a file that is made executable later is taken then", async () => {
  await using rollout = await openRollout();
  const { launch, client } = rollout;
  launch.write(readFileSync(rollout.other().path), 0o644);
  await client.untilHealth("refused", ({ rollout: is }) => is === "refused");
  chmodSync(launch.path, 0o755);
  rollout.turn();
  await rollout.untilServed();
});

const listedSchema = z.object({
  tools: z.array(z.looseObject({ name: z.string() })),
});

/** Says in its rehearsal that it has no consult_list, and is the other build then. */
async function withoutConsultList(rollout: RolloutScene): Promise<string> {
  const listed = await rollout.client.request("tools", "tools/list");
  const { tools } = listedSchema.parse(listed.result);
  const proof = {
    ready: true,
    version: "9.9.9",
    tools: tools.filter(({ name }) => name !== "consult_list"),
  };
  const file = join(rollout.scene.home, "proof");
  writeFileSync(file, JSON.stringify(proof));
  const { path } = rollout.other();
  return `#!/bin/sh\ncase "$*" in *--prove) cat '${file}' ;; *) exec '${path}' "$@" ;; esac\n`;
}

test("a dropped tool is refused for a client that keeps its catalogue", async () => {
  await using rollout = await openRollout({}, "codex-mcp-client");
  rollout.launch.write(await withoutConsultList(rollout));
  const health = await rollout.client.untilHealth(
    "refused",
    ({ rollout: is }) => is === "refused",
  );
  expect(health).toMatchObject({
    version: rollout.version(),
    rollout_reason:
      "The new binary would break calls of this session, since it has no tool consult_list.",
  });
  await rollout.upgrade();
});

test("a dropped tool is no matter for a client that follows its catalogue", async () => {
  await using rollout = await openRollout({}, "claude-code");
  rollout.launch.write(await withoutConsultList(rollout));
  rollout.turn();
  expect((await rollout.untilServed()).pid).toBe(rollout.client.pid);
});

test("a script that leads to the binary under its own name is taken once", async () => {
  await using rollout = await openRollout();
  const { path } = rollout.other();
  rollout.launch.write(`#!/bin/bash\nexec -a "$0" '${path}' "$@"\n`);
  rollout.turn();
  await rollout.untilServed();
  await rollout.client.untilHealth("stable", (is) => is.rollout === "stable");
  const rollouts = await rollout.client.rollouts();
  await staysStable(rollout);
  expect(await rollout.client.rollouts()).toBe(rollouts);
});

test("an image that begins while its file is away takes the next one", async () => {
  await using rollout = await openRollout();
  const { path } = rollout.other();
  rollout.launch.write(
    `#!/bin/bash\n[ "$3" = --prove ] || rm "$0"\nexec -a "$0" '${path}' "$@"\n`,
  );
  rollout.turn();
  await rollout.untilServed();
  await rollout.upgrade();
});

const staysStable = async ({ client }: RolloutScene) => {
  const looks = 6;
  for (let look = 0; look < looks; look += 1) {
    await Bun.sleep(200);
    expect((await client.health()).rollout).toBe("stable");
  }
};
