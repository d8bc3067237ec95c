// Where the tests of admission and supervision act: a scene for each test, and nothing
// left alive after it.

import { afterEach, beforeEach } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { makeScene, type Scene } from "../chaos/scene.ts";
import { binary, survivors, until } from "../chaos/session.ts";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import { connect, run } from "./supervision-client.ts";

const patienceMs = 10_000;

/** To be called once in a file: each of its tests gets a scene of this environment. */
export function supervisionPlace(environment: Record<string, string>) {
  let scene: Scene;
  beforeEach(() => {
    scene = makeScene(environment);
  });
  afterEach(async () => {
    const alive = () => survivors(scene.stateHome);
    await until("all over", () => alive().length === 0, 5000).catch(() => {
      for (const pid of alive()) process.kill(pid, "SIGKILL");
    });
    scene[Symbol.dispose]();
  });

  const starts = async () => (await fakeClaudeStarts(scene.startsFile)).length;
  const spools = () => join(scene.stateHome, "phone_opus/consults");
  return {
    scene: () => scene,
    /** A session with a host of its own. */
    begin: (extra: Record<string, string> = {}, command = binary) =>
      connect({ ...scene.environment, ...extra }, scene.home, command),
    phoneOpus: (...words: string[]) =>
      run(scene.environment, scene.home, ...words),
    /** How often Claude was started. */
    starts,
    started: (count: number) =>
      until(
        `Claude was started ${count} times`,
        async () => (await starts()) === count,
        patienceMs,
      ),
    spools,
    accepted: (count: number) =>
      until(
        `${count} accepted`,
        () => {
          try {
            return readdirSync(spools()).length === count;
          } catch {
            return false;
          }
        },
        patienceMs,
      ),
  };
}
