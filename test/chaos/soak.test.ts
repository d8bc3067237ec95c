// Everything at once for long: calls of all kinds from two clients, cancellations, and
// kills. In rounds, after each of which the books must be right, nothing may be left
// over, and no process may have grown. PHONE_OPUS_CHAOS=long makes it ten minutes,
// PHONE_OPUS_CHAOS_SEED repeats a run's choices.

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isLong, seed } from "./form.ts";
import { residentBytes } from "./flood-client.ts";
import { makeScene, type Scene } from "./scene.ts";
import {
  type ChaosSession,
  seededRandom,
  startSession,
  survivors,
  until,
} from "./session.ts";
import { openBooks } from "./soak-books.ts";
import { makeCall } from "./soak-calls.ts";
import { type Flight, killRunner, killWorker } from "./soak-kills.ts";

const form = isLong
  ? { rounds: 10, roundMs: 60_000, callers: 8 }
  : { rounds: 2, roundMs: 5000, callers: 4 };
/** For what takes milliseconds on a machine that has nothing else to do. */
const patienceMs = 60_000;

interface Size {
  readonly megabytes: number;
  readonly descriptors: number;
}

interface Sizes {
  readonly shaken: Size;
  readonly steady: Size;
  /** The steady host's, which nobody kills. */
  readonly worker: Size;
}

/** The least of some looks: what leaked is there each time, a file just open is not. */
async function sizeOf(pid: number): Promise<Size> {
  const looks: Size[] = [];
  for (let look = 0; look < 10; look += 1) {
    looks.push({
      megabytes: residentBytes(pid) / 1e6,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    });
    await Bun.sleep(20);
  }
  return {
    megabytes: Math.min(...looks.map(({ megabytes }) => megabytes)),
    descriptors: Math.min(...looks.map(({ descriptors }) => descriptors)),
  };
}

/**
 * The last rounds against those after the first, which warms up. Descriptors are as many,
 * but for one that is just open. Memory is what collection has left at some moment,
 * which goes up and down by a tenth, so a fifth more is no growth yet; over some
 * thousands of calls it is two kilobytes for each. Two short rounds are all warming up.
 */
function expectFlat(sizes: readonly Sizes[], of: (sizes: Sizes) => Size) {
  const each = sizes.map(of);
  const share = Math.ceil(sizes.length / 4);
  const early = isLong ? each.slice(1, 1 + share) : each.slice(0, 1);
  const late = each.slice(-share);
  const [before, after] = [early, late].map((some) => ({
    megabytes: median(some.map(({ megabytes }) => megabytes)),
    descriptors: median(some.map(({ descriptors }) => descriptors)),
  }));
  const { megabytes = NaN, descriptors = NaN } = before ?? {};
  expect(after?.descriptors).toBeLessThanOrEqual(descriptors + 1);
  expect(after?.megabytes).toBeLessThan(megabytes * (isLong ? 1.2 : 1.5));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** What the long form is run for. */
function report(figures: object): void {
  if (isLong) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** Nothing lives but hosts and their workers. */
async function untilQuiet(scene: Scene, sessions: readonly ChaosSession[]) {
  let extra: number[] = [];
  await until(
    "only hosts and workers are left",
    () => {
      const known = sessions.flatMap((session) => [
        session.pid,
        ...session.workerPids(),
      ]);
      extra = survivors(scene.stateHome).filter((pid) => !known.includes(pid));
      return extra.length === 0;
    },
    patienceMs,
  ).catch((error: unknown) => {
    const names = extra.map((pid) => ` ${pid} ${commandOf(pid)}`);
    throw new Error(`left over:${names.join(",")}`, { cause: error });
  });
}

function commandOf(pid: number): string {
  return Bun.spawnSync(["ps", "-o", "args=", "-p", `${pid}`])
    .stdout.toString()
    .trim();
}

test(
  `a soak of mixed calls and kills (seed ${seed})`,
  async () => {
    using scene = makeScene({
      PHONE_OPUS_CLAUDE_BIN: join(import.meta.dir, "soak-claude.ts"),
      FAKE_CLAUDE_MS: "1000",
      PHONE_OPUS_STOP_GRACE_S: "0.5",
      // Failures and deaths are what this is made of: nothing may stop it for them.
      PHONE_OPUS_BREAKER_FAILURES: "1000",
      PHONE_OPUS_RESTARTS: "1000",
    });
    const state = join(scene.stateHome, "phone_opus");
    const consultsDirectory = join(state, "consults");
    const books = openBooks({
      consultsDirectory,
      ledgerPath: join(state, "ledger.sqlite"),
      startsFile: scene.startsFile,
    });
    await using shaken = await startSession(scene.environment, scene.home);
    await using steady = await startSession(scene.environment, scene.home);
    const random = seededRandom(seed);
    const pick = (below: number) => Math.floor(random() * below);
    const kills = { workers: 0, runners: 0 };
    const made = new Map<string, number>();
    const flight: Flight = new Set();

    const callUntil = async (endMs: number, number: number) => {
      const [session, other] =
        number % 2 === 0 ? [shaken, steady] : [steady, shaken];
      while (performance.now() < endMs) {
        const entry = { killsBefore: kills.workers };
        flight.add(entry);
        const name = await makeCall({ session, other, pick, ask: books.ask });
        flight.delete(entry);
        made.set(name, (made.get(name) ?? 0) + 1);
        await Bun.sleep(pick(200));
      }
    };
    const killUntil = async (endMs: number) => {
      for (let turn = 1; performance.now() < endMs; turn += 1) {
        await Bun.sleep(500 + pick(1500));
        if (turn % 3 === 0) killRunner(consultsDirectory, pick, kills);
        else killWorker(shaken, flight, kills);
      }
    };

    const sizes: Sizes[] = [];
    for (let round = 0; round < form.rounds; round += 1) {
      const endMs = performance.now() + form.roundMs;
      await Promise.all([
        killUntil(endMs),
        ...Array.from({ length: form.callers }, (_, number) =>
          callUntil(endMs, number),
        ),
      ]);
      await untilQuiet(scene, [shaken, steady]);
      await books.audit();
      // With a worker each, however the round ended.
      await Promise.all(
        [shaken, steady].map(async (session) => {
          const { prompt, model } = books.ask("echoes-prompt", "answered");
          await session.call("consult", { prompt, model });
        }),
      );
      await untilQuiet(scene, [shaken, steady]);
      const [worker = 0] = steady.workerPids();
      sizes.push({
        shaken: await sizeOf(shaken.pid),
        steady: await sizeOf(steady.pid),
        worker: await sizeOf(worker),
      });
      report({ round, ...sizes.at(-1) });
    }
    report({ ...(await books.audit()), kills, made: Object.fromEntries(made) });

    expect(shaken.duplicates() + steady.duplicates()).toBe(0);
    expect(kills.workers).toBeGreaterThan(0);
    expectFlat(sizes, ({ shaken: host }) => host);
    expectFlat(sizes, ({ steady: host }) => host);
    expectFlat(sizes, ({ worker }) => worker);
  },
  form.rounds * (form.roundMs + 4 * patienceMs),
);
