// How long a client waits at most while its server becomes another binary: the longest silence around each swap under a
// flood of requests, beside the longest silence of as long a flood without a swap.

import {
  type BuildIndex,
  otherBuild,
  twoBuilds,
  versions,
} from "../chaos/builds.ts";
import { makeLaunch } from "../chaos/launch.ts";
import { startClient } from "../chaos/rollout-client.ts";
import { startFlood } from "../chaos/rollout-flood.ts";
import { makeScene } from "../chaos/scene.ts";
import { until } from "../chaos/session.ts";
import { type Figure, figure } from "./figures.ts";

const patienceMs = 30_000;

export async function measureRollout(swaps: number): Promise<Figure[]> {
  const { paths } = await twoBuilds();
  using scene = makeScene();
  const launch = makeLaunch(scene.home, paths[0]);
  await using client = await startClient({
    command: launch.path,
    environment: scene.environment,
    cwd: scene.home,
  });
  const flood = startFlood(client);
  let installed: BuildIndex = 0;
  const pauses: number[] = [];
  const quiet: number[] = [];
  const whole: number[] = [];
  // The first of each is for the caches.
  for (let swap = -1; swap < swaps; swap += 1) {
    flood.takeLongestSilence();
    const startedMs = performance.now();
    installed = otherBuild(installed);
    launch.renameOver(paths[installed]);
    await until(
      `swap ${swap}`,
      () => flood.version() === versions[installed],
      patienceMs,
    );
    const tookMs = performance.now() - startedMs;
    const pause = flood.takeLongestSilence();
    await Bun.sleep(tookMs);
    const without = flood.takeLongestSilence();
    if (swap < 0) continue;
    pauses.push(pause);
    quiet.push(without);
    whole.push(tookMs);
  }
  await flood.stop();
  return [
    figure("longest silence, with a swap", "ms", pauses, true),
    figure("longest silence, without", "ms", quiet, true),
    figure(
      "longest silence, with a swap over without",
      "ratio",
      pauses.map((pause, run) => pause / (quiet[run] ?? NaN)),
      true,
    ),
    figure("new binary there to served by it", "ms", whole),
  ];
}
