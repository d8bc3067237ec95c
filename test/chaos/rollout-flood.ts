// Numbered pings and health calls at full speed, at most some thousands on their way.

import type { Message, RolloutClient } from "./rollout-client.ts";

export interface Flood {
  /** How many requests were sent so far; their ids are 1 to this. */
  sent(): number;
  /** The version that the last answer to a health call named. */
  version(): string | undefined;
  /** Ids whose answer came before that of an earlier one of the same kind. */
  readonly disordered: readonly number[];
  /** The longest time without an answer since the last call of this. */
  takeLongestSilence(): number;
  /** Sends no more; resolves when everything sent was answered. */
  stop(): Promise<void>;
}

const mostOnTheirWay = 2000;
const burst = 20;
/** One request in so many is a health call. */
const healthEvery = 10;

export function startFlood(client: RolloutClient): Flood {
  let id = 0;
  let answered = 0;
  let version: string | undefined;
  let isOver = false;
  let lastMs = performance.now();
  let longestMs = 0;
  const last = { ping: 0, health: 0 };
  const disordered: number[] = [];

  client.onMessage((message) => {
    if (typeof message.id !== "number") return;
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    answered += 1;
    const kind = message.id % healthEvery === 0 ? "health" : "ping";
    if (message.id < last[kind]) disordered.push(message.id);
    last[kind] = message.id;
    version = versionIn(message) ?? version;
  });

  const pump = async () => {
    while (!isOver) {
      for (let each = 0; each < burst; each += 1) {
        id += 1;
        await client.send(requestOf(id));
      }
      while (id - answered > mostOnTheirWay) await Bun.sleep(1);
      await Bun.sleep(0);
    }
  };
  const pumping = pump();
  return {
    sent: () => id,
    version: () => version,
    disordered,
    takeLongestSilence: () => {
      const longest = longestMs;
      longestMs = 0;
      return longest;
    },
    stop: async () => {
      isOver = true;
      await pumping;
      const end = performance.now() + 20_000;
      while (answered < id && performance.now() < end) await Bun.sleep(5);
    },
  };
}

function requestOf(id: number): object {
  return id % healthEvery === 0
    ? {
        id,
        method: "tools/call",
        params: { name: "health_snapshot", arguments: { detail: "full" } },
      }
    : { id, method: "ping" };
}

function versionIn({ result }: Message): string | undefined {
  return /^version: (\S+)$/m.exec(result?.content?.[0]?.text ?? "")?.[1];
}
