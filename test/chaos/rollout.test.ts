// One session through many binaries, asked at full speed all the while. The long form
// runs with `npm run chaos`.

import { expect, setDefaultTimeout, test } from "bun:test";
import { createRandom } from "../helpers/random.ts";
import { type BuildIndex, otherBuild, twoBuilds, versions } from "./builds.ts";
import { capsulesIn, makeLaunch } from "./launch.ts";
import { miscounted, startClient } from "./rollout-client.ts";
import { startFlood } from "./rollout-flood.ts";
import { makeScene } from "./scene.ts";
import { survivors, until } from "./session.ts";

const isLong = Bun.env["PHONE_OPUS_CHAOS"] === "long";
const swaps = isLong ? 100 : 6;
const fewestRequests = isLong ? 20_000 : 2000;
setDefaultTimeout(isLong ? 900_000 : 60_000);

test(`${swaps} swaps under a flood lose, double and disorder no answer`, async () => {
  const { paths } = await twoBuilds();
  const random = createRandom();
  const seed = `TEST_SEED=${random.seed}`;
  using scene = makeScene({ PHONE_OPUS_ROLLOUT_STILL_S: "0.1" });
  const launch = makeLaunch(scene.home, paths[0]);
  const ways = [
    async (source: string) => launch.renameOver(source),
    // Some pauses are longer than what counts as still: the half file is looked at.
    (source: string) =>
      launch.copySlowly(source, () => Bun.sleep(random.below(250))),
    async (source: string) => void launch.switchTo(source),
  ];
  await using client = await startClient({
    command: launch.path,
    environment: scene.environment,
    cwd: scene.home,
  });
  const flood = startFlood(client);
  let installed: BuildIndex = 0;
  for (let swap = 0; swap < swaps; swap += 1) {
    installed = otherBuild(installed);
    await ways[swap % ways.length]?.(paths[installed]);
    await until(
      `swap ${swap} (${seed})`,
      () => flood.version() === versions[installed],
      20_000,
    );
  }
  await until("enough was asked", () => flood.sent() >= fewestRequests, 60_000);
  await flood.stop();

  const ids = Array.from({ length: flood.sent() }, (_, index) => index + 1);
  expect(miscounted(client, ids), seed).toEqual([]);
  expect(flood.disordered, seed).toEqual([]);
  expect(client.garbage, seed).toEqual([]);
  expect(
    client.messages.filter(({ error }) => error),
    seed,
  ).toEqual([]);
  expect(await client.rollouts(), seed).toBe(swaps);
  expect((await client.health()).pid).toBe(client.pid);
  expect(capsulesIn(scene.stateHome)).toEqual([]);

  client.endInput();
  expect(await client.exited).toBe(0);
  await until(
    "all processes are gone",
    () => survivors(scene.stateHome).length === 0,
    3000,
  );
});
