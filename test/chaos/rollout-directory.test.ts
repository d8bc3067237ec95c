// A host whose working directory goes between the rehearsal and the swap: there no image
// can start, so the one that runs must stay.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { startClient } from "./rollout-client.ts";
import { openRollout } from "./rollout-scene.ts";

setDefaultTimeout(60_000);

test("a session goes on when its directory goes before a swap", async () => {
  await using rollout = await openRollout();
  const { launch, scene } = rollout;
  const project = join(scene.home, "project");
  mkdirSync(project);
  await using client = await startClient({
    command: launch.path,
    environment: { ...scene.environment, PROJECT: project },
    cwd: project,
  });
  // It can be rehearsed, and takes the directory away behind its back.
  launch.write(
    `#!/bin/sh\n[ "$3" != --prove ] || { cd / && rmdir "$PROJECT"; }\nexec ${rollout.other().path} "$@"\n`,
  );
  await client.untilHealth("it was tried", ({ rollout_reason: reason }) =>
    String(reason).includes("could not take over (ENOENT"),
  );
  expect(existsSync(project)).toBe(false);
  expect(await client.health()).toMatchObject({
    version: rollout.version(),
    pid: client.pid,
    rollout: "pending",
  });
});
