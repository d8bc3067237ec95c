// The environment names the capsule, and the environment may be anybody's: whatever it
// names is left as it is, and the session goes on without it.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openRollout, type RolloutScene } from "./rollout-scene.ts";

setDefaultTimeout(60_000);

interface Attack {
  readonly what: string;
  /** Where the file is, from the directory that capsules lie in. */
  readonly at: string;
  readonly place: (path: string, scene: RolloutScene) => void;
}

const name = "capsule-1-00000000-0000-4000-8000-000000000000";
const content = '{"format":1,"purpose":"handoff"}\n';
const own = (path: string, text: string | Uint8Array = content) =>
  writeFileSync(path, text, { mode: 0o600 });

const attacks: readonly Attack[] = [
  { what: "a file elsewhere", at: "../elsewhere", place: (path) => own(path) },
  {
    what: "a file of another name",
    at: "telemetry.jsonl",
    place: (path) => own(path),
  },
  {
    what: "a symbolic link",
    at: name,
    place: (path, { scene }) => {
      own(join(scene.home, "target"));
      symlinkSync(join(scene.home, "target"), path);
    },
  },
  {
    what: "a second name of a file",
    at: name,
    place: (path, { scene }) => {
      own(join(scene.home, "target"));
      linkSync(join(scene.home, "target"), path);
    },
  },
  {
    what: "a pipe",
    at: name,
    place: (path) => void Bun.spawnSync(["mkfifo", "-m", "600", path]),
  },
  { what: "a directory", at: name, place: (path) => mkdirSync(path) },
  {
    what: "a file that others may write",
    at: name,
    place: (path) => {
      own(path);
      chmodSync(path, 0o666);
    },
  },
  { what: "half a capsule", at: name, place: (path) => own(path, "{") },
  {
    what: "a capsule of another format",
    at: name,
    place: (path) => own(path, '{"format":2}\n'),
  },
  { what: "garbage", at: name, place: (path) => own(path, Buffer.alloc(9999)) },
  {
    what: "a capsule that says it is ours",
    at: name,
    place: (path) => own(path),
  },
];

/** What would tell that somebody followed, changed or removed it. */
function trace(path: string) {
  const { ino, size, mode, mtimeMs, nlink } = lstatSync(path);
  const status = lstatSync(path);
  const text = status.isFile() ? readFileSync(path, "latin1") : undefined;
  const target = status.isSymbolicLink() ? readlinkSync(path) : undefined;
  return { ino, size, mode, mtimeMs, nlink, text, target };
}

test("whatever stands where a capsule should is refused and left as it is", async () => {
  await using rollout = await openRollout();
  const directory = join(rollout.scene.stateHome, "phone_opus/mcp");
  mkdirSync(directory, { recursive: true });
  const refusals: string[] = [];
  for (const { what, at, place } of attacks) {
    const path = join(directory, at);
    rmSync(join(rollout.scene.home, "target"), { force: true });
    rmSync(path, { force: true });
    place(path, rollout);
    const before = trace(path);
    const attacked = rollout.spawn({ PHONE_OPUS_MCP_HOST_STATE: path });
    try {
      // In the middle of a session it does not know, as its client thinks.
      const health = await attacked.health();
      expect(health, what).toMatchObject({
        ready: true,
        pid: attacked.pid,
        last_fault: { code: "rollout_failure" },
      });
      expect(attacked.stderr(), what).toContain(`The capsule ${path} is`);
      refusals.push(attacked.stderr());
      // Telemetry is written by every host; all else is as it was.
      if (!at.endsWith(".jsonl")) expect(trace(path), what).toEqual(before);
      // And a client that does begin anew is served, too.
      const opened = await attacked.request("initialize", "initialize", {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "claude-code", version: "0" },
      });
      expect(opened.result, what).toHaveProperty("serverInfo");
    } finally {
      await attacked[Symbol.asyncDispose]();
      rmSync(path, { recursive: true, force: true });
    }
  }
  expect(refusals).toHaveLength(attacks.length);
});

test("without a place for the capsule the incumbent goes on, and tries again", async () => {
  await using rollout = await openRollout();
  const { client, scene, launch } = rollout;
  const directory = join(scene.stateHome, "phone_opus/mcp");
  // Root writes where modes forbid it: a file in the directory's place stops all.
  rmSync(directory, { recursive: true, force: true });
  own(directory, "");
  launch.renameOver(rollout.other().path);
  const health = await client.untilHealth(
    "a reason is given",
    ({ last_fault }) => last_fault !== null,
  );
  expect(health).toMatchObject({
    version: rollout.version(),
    rollout: "pending",
    last_fault: { code: "rollout_failure" },
  });
  expect(client.stderr()).toContain("and tries again.");
  rmSync(directory);
  rollout.turn();
  await rollout.untilServed();
});
