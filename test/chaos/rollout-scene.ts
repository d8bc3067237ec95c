// A session with the first of two builds, started where either may come to lie.

import { expect } from "bun:test";
import { type BuildIndex, otherBuild, twoBuilds, versions } from "./builds.ts";
import { type Launch, makeLaunch } from "./launch.ts";
import {
  type Health,
  type RolloutClient,
  spawnClient,
  startClient,
} from "./rollout-client.ts";
import { makeScene, type Scene } from "./scene.ts";
import { survivors, until } from "./session.ts";

export interface RolloutScene extends AsyncDisposable {
  readonly scene: Scene;
  readonly launch: Launch;
  readonly client: RolloutClient;
  /** The binary of the build that is not installed, and its version. */
  other(): { readonly path: string; readonly version: string };
  version(): string;
  /** From now on the other one counts as installed. */
  turn(): void;
  connect(clientName: string): Promise<RolloutClient>;
  /** A host of this scene with more in its environment, not yet initialised. */
  spawn(extra?: Record<string, string>): RolloutClient;
  /** Installs the other build; resolves when the session is served by it. */
  upgrade(): Promise<Health>;
  untilServed(by?: RolloutClient): Promise<Health>;
}

/** Faster than people install. */
const hasty = { PHONE_OPUS_ROLLOUT_STILL_S: "0.05" };

export async function openRollout(
  extra: Record<string, string> = {},
  clientName = "claude-code",
): Promise<RolloutScene> {
  const { paths } = await twoBuilds();
  const scene = makeScene({ ...hasty, ...extra });
  const launch = makeLaunch(scene.home, paths[0]);
  let installed: BuildIndex = 0;
  const options = {
    command: launch.path,
    environment: scene.environment,
    cwd: scene.home,
  };
  const connect = (name: string) =>
    startClient({ ...options, clientName: name });
  const client = await connect(clientName);
  const untilServed = (by = client) =>
    by.untilHealth(
      `version ${versions[installed]}`,
      ({ version }) => version === versions[installed],
    );
  return {
    scene,
    launch,
    client,
    other: () => {
      const index = otherBuild(installed);
      return { path: paths[index], version: versions[index] };
    },
    version: () => versions[installed],
    turn: () => {
      installed = otherBuild(installed);
    },
    connect,
    spawn: (more = {}) =>
      spawnClient({
        ...options,
        environment: { ...scene.environment, ...more },
      }),
    upgrade: async () => {
      installed = otherBuild(installed);
      launch.renameOver(paths[installed]);
      const health = await untilServed();
      expect(health).toMatchObject({
        pid: client.pid,
        rollout: "stable",
        rollout_reason: null,
      });
      return health;
    },
    untilServed,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await until(
        "all processes are gone",
        () => survivors(scene.stateHome).length === 0,
        5000,
      );
      scene[Symbol.dispose]();
    },
  };
}
