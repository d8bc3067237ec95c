// A rehearsal against candidates that the test plays, and against programs that are
// none: whatever they do is a reason, within the limit, and leaves nothing behind.

import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { rehearse, type RehearsalOptions } from "../../src/host/candidate.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { spawnPiped } from "../../src/sys/spawn.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";
import { isAlive } from "../sys/running.ts";
import { fakeCandidates, proof } from "./fake-candidate.ts";

function place(changes: Partial<RehearsalOptions> = {}) {
  const dir = tempDir();
  const clock = createFakeClock();
  const fake = fakeCandidates();
  const capsule = dir.at("capsule");
  const rehearsal = () =>
    rehearse({
      command: ["/opt/phone-opus", "mcp", "serve"],
      environment: { PATH: "/bin" },
      spawn: fake.spawn,
      clock,
      limitMs: 10_000,
      writeCapsule: () => {
        writeFileSync(capsule, "capsule");
        return capsule;
      },
      signal: new AbortController().signal,
      ...changes,
    });
  return {
    dir,
    clock,
    fake,
    capsule,
    rehearsal,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const unready = (reason: string) => ({ ok: false as const, reason });

describe("a candidate", () => {
  test("that is ready is believed", async () => {
    await using here = place();
    const rehearsal = here.rehearsal();
    const candidate = await here.fake.candidate(1);
    expect(candidate.request).toEqual({
      command: ["/opt/phone-opus", "mcp", "serve", "--prove"],
      environment: {
        PATH: "/bin",
        PHONE_OPUS_MCP_HOST_STATE: here.capsule,
      },
      stderr: "ignore",
    });
    expect(candidate.hadCapsule).toBe(true);
    const tool = { name: "consult", inputSchema: { type: "object" } };
    const text = proof([tool]);
    candidate.print(text.slice(0, 20));
    candidate.print(text.slice(20));
    candidate.end();
    expect(await rehearsal).toEqual({
      ok: true,
      proof: { ready: true, version: "0.2.0", tools: [tool] },
    });
    expect(existsSync(here.capsule)).toBe(false);
    expect(here.clock.pending()).toBe(0);
  });

  const ends: Record<
    string,
    [string, { code?: number; signal?: string }, string]
  > = {
    "says what it cannot restore": [
      '{"ready":false,"problem":"it has format 1"}\n',
      { code: 1 },
      "cannot go on with this session: it has format 1",
    ],
    "prints garbage": [
      "Usage: phone-opus\n",
      { code: 2 },
      "did not say that it is ready (exit code 2)",
    ],
    "prints nothing": [
      "",
      { code: 0 },
      "did not say that it is ready (exit code 0)",
    ],
    "says that it is ready and fails": [
      proof(),
      { code: 3 },
      "did not say that it is ready (exit code 3)",
    ],
    "leaves out its tools": [
      '{"ready":true,"version":"0.2.0"}\n',
      { code: 0 },
      "did not say that it is ready (exit code 0)",
    ],
    "says it twice": [
      proof() + proof(),
      { code: 0 },
      "did not say that it is ready (exit code 0)",
    ],
    "stops in the middle of its proof": [
      proof().slice(0, 12),
      { code: 0 },
      "did not say that it is ready (exit code 0)",
    ],
    "dies of a signal": [proof(), { signal: "SIGSEGV" }, "died of SIGSEGV"],
    floods: [
      "x".repeat((4 << 20) + 1),
      { code: 0 },
      "printed more than a proof can hold",
    ],
  };
  for (const [name, [text, exit, reason]] of Object.entries(ends)) {
    test(`that ${name} is refused`, async () => {
      await using here = place();
      const rehearsal = here.rehearsal();
      const candidate = await here.fake.candidate(1);
      candidate.print(text);
      candidate.end(exit);
      expect(await rehearsal).toEqual(unready(reason));
      expect(existsSync(here.capsule)).toBe(false);
      expect(here.clock.pending()).toBe(0);
    });
  }

  test("that is silent is refused at the limit, not before", async () => {
    await using here = place();
    let ended: unknown;
    const rehearsal = here.rehearsal().then((each) => (ended = each));
    const candidate = await here.fake.candidate(1);
    await until("it is waited for", () => here.clock.pending() === 1);
    here.clock.advance(9999);
    await Bun.sleep(0);
    expect(ended).toBeUndefined();
    here.clock.advance(1);
    await rehearsal;
    expect(ended).toEqual(unready("was not ready within 10 s"));
    expect(existsSync(here.capsule)).toBe(false);
    candidate.end();
  });

  test("that has said it and does not end is refused at the limit", async () => {
    await using here = place();
    const rehearsal = here.rehearsal();
    const candidate = await here.fake.candidate(1);
    candidate.print(proof());
    await until("it is waited for", () => here.clock.pending() === 1);
    here.clock.advance(10_000);
    expect(await rehearsal).toEqual(unready("was not ready within 10 s"));
    candidate.end();
  });

  test("that cannot be started is refused", async () => {
    await using here = place({
      spawn: () => ({ ok: false, code: "EPERM", reason: "EPERM: no" }),
    });
    expect(await here.rehearsal()).toEqual(
      unready("cannot be started (EPERM: no)"),
    );
    expect(existsSync(here.capsule)).toBe(false);
  });

  test("is not started when the session cannot be written down", async () => {
    await using here = place({
      writeCapsule: () => {
        throw new Error("ENOSPC: no space left");
      },
    });
    expect(await here.rehearsal()).toEqual({
      ...unready("could not be given this session (ENOSPC: no space left)"),
      obstacle: "no capsule",
    });
    expect(here.fake.started).toEqual([]);
  });

  test("may have taken its capsule away already", async () => {
    await using here = place();
    const rehearsal = here.rehearsal();
    const candidate = await here.fake.candidate(1);
    await Bun.file(here.capsule).delete();
    candidate.print(proof());
    candidate.end();
    expect(await rehearsal).toMatchObject({ ok: true });
  });
});

describe("a file that is no candidate", () => {
  const tried = async (
    contents: string | Uint8Array,
    limitMs = 10_000,
    dir = tempDir(),
    signal = new AbortController().signal,
  ) => {
    const path = dir.at("phone-opus");
    writeFileSync(path, contents);
    chmodSync(path, 0o755);
    const here = place({
      command: [path],
      environment: { PATH: "/usr/bin:/bin", OUT: dir.at("pids") },
      spawn: spawnPiped,
      clock: systemClock,
      limitMs,
      signal,
    });
    const rehearsal = await here.rehearsal();
    const capsuleIsGone = !existsSync(here.capsule);
    await here[Symbol.asyncDispose]();
    return { dir, rehearsal, capsuleIsGone };
  };

  test("is refused: text, nothing at all, a binary that is cut short", async () => {
    const elf = readFileSync(process.execPath).subarray(0, 5000);
    for (const contents of ["no program\n", "", elf, "#!/nowhere/sh\n"]) {
      const { dir, rehearsal, capsuleIsGone } = await tried(contents);
      expect(rehearsal.ok).toBe(false);
      expect(capsuleIsGone).toBe(true);
      await dir[Symbol.asyncDispose]();
    }
  });

  test("is killed at the limit with all that it started", async () => {
    const { dir, rehearsal } = await tried(
      '#!/bin/sh\nsleep 300 &\necho "$$ $!" > "$OUT"\nyes',
      500,
    );
    expect(rehearsal).toEqual(unready("was not ready within 0.5 s"));
    const pids = readFileSync(dir.at("pids"), "utf8").trim().split(" ");
    expect(pids).toHaveLength(2);
    await until("both are gone", () => !pids.map(Number).some(isAlive));
    await dir[Symbol.asyncDispose]();
  });
  test("is killed, and its capsule removed, when its host ends", async () => {
    const dir = tempDir();
    const host = new AbortController();
    const trying = tried(
      '#!/bin/sh\necho "$$" > "$OUT"\nexec sleep 300',
      10_000,
      dir,
      host.signal,
    );
    const pid = () => Number(readFileSync(dir.at("pids"), "utf8"));
    await until("it runs", () => existsSync(dir.at("pids")) && pid() > 0);
    host.abort();
    expect((await trying).capsuleIsGone).toBe(true);
    await until("it is gone", () => !isAlive(pid()));
    await dir[Symbol.asyncDispose]();
  });
});
