// What else may happen while the image is replaced: deaths, signals, clients that do
// not read, clients that leave, several hosts at once.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import { opening, request, startRaw } from "./flood-client.ts";
import { capsulesIn } from "./launch.ts";
import { openRollout, type RolloutScene } from "./rollout-scene.ts";
import { childrenOf, survivors, until } from "./session.ts";

const isLong = Bun.env["PHONE_OPUS_CHAOS"] === "long";
setDefaultTimeout(isLong ? 600_000 : 60_000);

const noteOf = ({ scene }: RolloutScene, pid: number) =>
  join(scene.stateHome, `phone_opus/hosts/${pid}.json`);

/** Resolves about when a handoff begins: the host's note is gone, or a new one. */
async function untilHandoff(rollout: RolloutScene, pid: number) {
  const note = noteOf(rollout, pid);
  await until("the host has its note", () => existsSync(note), 10_000);
  const { ino, mtimeMs } = statSync(note);
  const isSame = () => {
    const now = statSync(note, { throwIfNoEntry: false });
    return now?.ino === ino && now.mtimeMs === mtimeMs;
  };
  const end = performance.now() + 20_000;
  while (isSame()) {
    if (performance.now() > end) throw new Error("no handoff began");
    await Bun.sleep(0);
  }
}

const consult = (rollout: RolloutScene, prompt: string) =>
  rollout.client.call("consult", { prompt, render: "json" });
const answered = { response: "The answer is 42." };

test("the worker may be killed just before, and the runner just after a swap", async () => {
  await using rollout = await openRollout({ FAKE_CLAUDE_MS: "2500" });
  const { client, scene, launch } = rollout;
  const answer = consult(rollout, "through it all");
  await until(
    "Claude runs",
    async () => (await fakeClaudeStarts(scene.startsFile)).length === 1,
    10_000,
  );
  const [worker] = childrenOf(client.pid);
  launch.renameOver(rollout.other().path);
  rollout.turn();
  if (worker !== undefined) process.kill(worker, "SIGKILL");
  await rollout.untilServed();
  for (const pid of runnersOf(scene.stateHome)) process.kill(pid, "SIGKILL");
  expect((await answer).result?.structuredContent).toMatchObject(answered);
  expect(await fakeClaudeStarts(scene.startsFile)).toHaveLength(1);
});

function runnersOf(stateHome: string): number[] {
  return survivors(stateHome).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("mcp\0runner"),
  );
}

test("a client that does not read for a while loses nothing", async () => {
  await using rollout = await openRollout();
  const { scene, launch } = rollout;
  await using raw = startRaw(
    ["mcp", "serve"],
    scene.environment,
    scene.home,
    launch.path,
  );
  await raw.send(opening);
  // Far more than a pipe holds, so that the host owes it all the while.
  const count = 300;
  for (let id = 0; id < count; id += 1) {
    await raw.send(request(id, "tools/list"));
  }
  launch.renameOver(rollout.other().path);
  rollout.turn();
  await untilHandoff(rollout, raw.pid);
  // It gave up waiting for its client, and can be reached again.
  await until(
    "the handoff is put off",
    () => existsSync(noteOf(rollout, raw.pid)),
    10_000,
  );
  const seen: unknown[] = [];
  let version: unknown;
  raw.read((message) => {
    if (typeof message.id === "number") seen.push(message.id);
    if (typeof message.id === "string") version = JSON.stringify(message);
  });
  let asked = 0;
  await until(
    "the new one serves",
    async () => {
      asked += 1;
      await raw.send(healthCall(`health-${asked}`));
      await Bun.sleep(100);
      return String(version).includes(`version: ${rollout.version()}`);
    },
    30_000,
  );
  expect(seen).toEqual(Array.from({ length: count }, (_, id) => id));
});

const healthCall = (id: string) =>
  request(id, "tools/call", {
    name: "health_snapshot",
    arguments: { detail: "full" },
  });

test("a file that changes while the handoff waits is not become unproven", async () => {
  await using rollout = await openRollout();
  const { scene, launch } = rollout;
  await using raw = startRaw(
    ["mcp", "serve"],
    scene.environment,
    scene.home,
    launch.path,
  );
  await raw.send(opening);
  const count = 300;
  for (let id = 0; id < count; id += 1) {
    await raw.send(request(id, "tools/list"));
  }
  launch.renameOver(rollout.other().path);
  await untilHandoff(rollout, raw.pid);
  launch.write("#!/bin/sh\nexit 1\n");
  const seen: unknown[] = [];
  let health = "";
  raw.read((message) => {
    if (typeof message.id === "number") seen.push(message.id);
    if (typeof message.id === "string") health = JSON.stringify(message);
  });
  await until(
    "the script is refused",
    async () => {
      await raw.send(healthCall(`health-${performance.now()}`));
      await Bun.sleep(100);
      return health.includes("rollout: refused");
    },
    20_000,
  );
  expect(health).toContain(`version: ${rollout.version()}`);
  expect(seen).toEqual(Array.from({ length: count }, (_, id) => id));
});

/** Close together while the last steps are made, which take some 10 ms. */
const longDelaysMs = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 40, 60, 100,
];

const endings = {
  "end of stdin": async ({ client }: RolloutScene) => client.endInput(),
  "SIGTERM and end of stdin (Codex)": async ({ client }: RolloutScene) => {
    process.kill(client.pid, "SIGTERM");
    client.endInput();
  },
  "SIGTERM alone": async ({ client }: RolloutScene) =>
    void process.kill(client.pid, "SIGTERM"),
  "SIGINT, then SIGTERM (Claude Code)": async ({ client }: RolloutScene) => {
    process.kill(client.pid, "SIGINT");
    await Bun.sleep(100);
    killIfThere(client.pid, "SIGTERM");
  },
};

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The first signal was enough.
  }
}

test.each(Object.entries(endings))(
  "%s during a handoff leaves nothing behind",
  async (_, end) => {
    for (const delayMs of isLong ? longDelaysMs : [2, 10]) {
      await using rollout = await openRollout({ FAKE_CLAUDE_MS: "60000" });
      const { client, scene, launch } = rollout;
      void consult(rollout, "never answered").catch(() => {});
      await until(
        "Claude runs",
        async () => (await fakeClaudeStarts(scene.startsFile)).length === 1,
        10_000,
      );
      launch.renameOver(rollout.other().path);
      await untilHandoff(rollout, client.pid);
      await Bun.sleep(delayMs);
      await end(rollout);
      await until(
        `nothing is left (${delayMs} ms)`,
        () => survivors(scene.stateHome).length === 0,
        5000,
      );
      expect(capsulesIn(scene.stateHome)).toEqual([]);
    }
  },
);

test("a rehearsal does not outlive the session", async () => {
  await using rollout = await openRollout();
  const { client, launch, scene } = rollout;
  const mark = join(scene.home, "rehearsed");
  launch.write(`#!/bin/sh\ntouch ${mark}\nsleep 600 & exec sleep 600\n`);
  await until("it is rehearsed", () => existsSync(mark), 10_000);
  process.kill(client.pid, "SIGTERM");
  expect(await client.exited).toBe(0);
  await until(
    "nothing is left",
    () => survivors(scene.stateHome).length === 0,
    5000,
  );
  expect(capsulesIn(scene.stateHome)).toEqual([]);
});

test("reloads during swaps end no host", async () => {
  await using rollout = await openRollout();
  const { client, launch, scene } = rollout;
  let isOver = false;
  let reloads = 0;
  const hammer = async () => {
    while (!isOver) {
      const reload = Bun.spawn([launch.path, "mcp", "reload"], {
        cwd: scene.home,
        env: scene.environment,
        stdout: "ignore",
        stderr: "ignore",
      });
      expect(await reload.exited).toBe(0);
      reloads += 1;
    }
  };
  const hammering = Promise.all([hammer(), hammer()]);
  const swaps = isLong ? 30 : 4;
  for (let swap = 0; swap < swaps; swap += 1) await rollout.upgrade();
  isOver = true;
  await hammering;
  expect(reloads).toBeGreaterThan(swaps);
  expect(await client.rollouts()).toBe(swaps);
});

test("two hosts of one binary are swapped at once", async () => {
  await using rollout = await openRollout();
  await using second = await rollout.connect("codex-mcp-client");
  await rollout.upgrade();
  expect((await rollout.untilServed(second)).pid).toBe(second.pid);
  expect(await second.rollouts()).toBe(1);
  expect(capsulesIn(rollout.scene.stateHome)).toEqual([]);
});

const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const zombiesOf = (pid: number) =>
  readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name) || !existsSync(`/proc/${name}/stat`)) return false;
    const text = statOf(name);
    const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" && Number(parent) === pid;
  });
const statOf = (name: string) => {
  try {
    return readFileSync(`/proc/${name}/stat`, "utf8");
  } catch {
    return "";
  }
};

test("many swaps leave no zombie and no descriptor", async () => {
  await using rollout = await openRollout({ FAKE_CLAUDE_MS: "50" });
  const { client, scene } = rollout;
  await consult(rollout, "before the first");
  await rollout.upgrade();
  await consult(rollout, "after the first");
  const before = descriptorsOf(client.pid);
  const swaps = isLong ? 30 : 4;
  for (let swap = 1; swap <= swaps; swap += 1) {
    await rollout.upgrade();
    await consult(rollout, `after swap ${swap}`);
  }
  expect(zombiesOf(client.pid)).toEqual([]);
  expect(childrenOf(client.pid)).toHaveLength(1);
  // Signals are held back over a swap, and no longer.
  for (const pid of [client.pid, ...childrenOf(client.pid)]) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(status).toMatch(/^SigBlk:\t0+$/m);
  }
  expect(descriptorsOf(client.pid)).toBeLessThanOrEqual(before + 1);
  expect(capsulesIn(scene.stateHome)).toEqual([]);
  expect((await client.health()).generation).toBe(swaps + 2);
});
