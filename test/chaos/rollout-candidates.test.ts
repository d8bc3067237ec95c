// What lies at the launch path and must not become the host: each is refused with its
// reason, once, and the next good binary is taken.

import {
  afterAll,
  beforeAll,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capsulesIn } from "./launch.ts";
import { openRollout, type RolloutScene } from "./rollout-scene.ts";

setDefaultTimeout(60_000);

let rollout: RolloutScene;
beforeAll(async () => {
  rollout = await openRollout({ PHONE_OPUS_ROLLOUT_PROVE_S: "1.5" });
});
afterAll(async () => {
  await rollout[Symbol.asyncDispose]();
});

/** Each run of a script leaves a line here. */
const runs = () => {
  const file = join(rollout.scene.home, "runs");
  return existsSync(file)
    ? readFileSync(file, "utf8").split("\n").length - 1
    : 0;
};
const script = (body: string) =>
  `#!/bin/sh\necho run >> "$HOME/runs"\n${body}\n`;
const bytesOfBuild = () => readFileSync(rollout.other().path);

/** ELF: the machine that the file is for. */
const machineOffset = 18;
const headerBytes = 4096;
const otherMachine = () => {
  const bytes = bytesOfBuild().subarray(0, headerBytes);
  bytes.writeUInt16LE(process.arch === "x64" ? 183 : 62, machineOffset);
  return bytes;
};

interface Candidate {
  readonly what: string;
  readonly content: () => string | Uint8Array;
  readonly mode?: number;
  readonly reason: RegExp;
}

const candidates: readonly Candidate[] = [
  {
    what: "half of a binary",
    content: () => bytesOfBuild().subarray(0, 50_000_000),
    reason: /died of SIG|did not say that it is ready|cannot be started/,
  },
  {
    what: "an empty file",
    content: () => "",
    reason: /cannot be started|did not say that it is ready/,
  },
  {
    what: "a text file",
    content: () => "Not a program at all.\n",
    reason: /cannot be started|did not say that it is ready/,
  },
  {
    what: "a program that is not executable",
    content: () => script("exit 0"),
    mode: 0o644,
    reason: /cannot be started \(.*(EACCES|permission)/i,
  },
  {
    what: "a binary for another machine",
    content: otherMachine,
    reason: /cannot be started|did not say that it is ready/,
  },
  {
    what: "a script without its interpreter",
    content: () => "#!/nowhere/sh\n",
    reason: /cannot be started/,
  },
  {
    what: "a script that ends well without a word",
    content: () => script("exit 0"),
    reason: /did not say that it is ready \(exit code 0\)/,
  },
  {
    what: "a script that prints garbage",
    content: () => script("printf 'one\\0two\\n{\"ready\":'"),
    reason: /did not say that it is ready \(exit code 0\)/,
  },
  {
    what: "a script that says ready and fails",
    content: () =>
      script(`echo '{"ready":true,"version":"9.9.9","tools":[]}'; exit 3`),
    reason: /did not say that it is ready \(exit code 3\)/,
  },
  {
    what: "a script that hangs, with a child that holds its output",
    content: () => script("sleep 600 & exec sleep 600"),
    reason: /was not ready within 1\.5 s/,
  },
  {
    what: "a script that floods without an end",
    content: () => script("exec yes '{}'"),
    reason: /was not ready within 1\.5 s|printed more than a proof can hold/,
  },
  {
    what: "a script that floods and ends",
    content: () => script("head -c 20000000 /dev/zero"),
    reason: /printed more than a proof can hold/,
  },
  {
    what: "an older version that knows no rehearsal",
    content: () => script("echo 'unknown option --prove' >&2; exit 2"),
    reason: /did not say that it is ready \(exit code 2\)/,
  },
  {
    what: "a version of another capsule format",
    content: () =>
      script(
        `echo '{"ready":false,"problem":"it has format 1, this version reads 2"}'; exit 1`,
      ),
    reason: /cannot go on with this session: it has format 1/,
  },
];

const complaints = () =>
  rollout.client.stderr().match(/The new binary at/g)?.length;

describe.each([...candidates])("$what", ({ content, mode, reason }) => {
  test("is refused once, and the next good one is taken", async () => {
    const { client, scene } = rollout;
    const before = { complaints: complaints() ?? 0, runs: runs() };
    const body = content();
    rollout.launch.write(body, mode);
    const health = await client.untilHealth(
      "refused",
      ({ rollout }) => rollout === "refused",
    );
    expect(health.rollout_reason).toMatch(reason);
    expect(health).toMatchObject({
      version: rollout.version(),
      pid: client.pid,
      last_fault: { code: "rollout_failure" },
    });

    // It is looked at again, and tried no more.
    await Bun.sleep(150);
    expect((await client.health()).rollout).toBe("refused");
    const isScript = String(body).startsWith("#!/bin/sh") && mode !== 0o644;
    expect(runs() - before.runs).toBe(isScript ? 1 : 0);
    expect((complaints() ?? 0) - before.complaints).toBe(1);
    expect(capsulesIn(scene.stateHome)).toEqual([]);
    await rollout.upgrade();
  });
});
