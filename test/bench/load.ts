// Six consults of two seconds at once: how long they take over one alone, and how fast health and ping answer
// meanwhile, over how fast they answer when nothing runs.

import { type Figure, figure, pairedFigures } from "./figures.ts";
import { interleaved, type Place, timed } from "./place.ts";

const consults = 6;
/** Between two questions; a client that asks without a pause would measure itself. */
const pauseMs = 20;

export async function measureLoad(
  place: Place,
  rounds: number,
): Promise<Figure[]> {
  await using session = await place.connect("answers-slowly");
  const { client, consult } = session;
  const health = (): Promise<number> =>
    timed(async () => {
      const result = await client.callTool({ name: "health_snapshot" });
      if (result.isError === true) throw new Error("health_snapshot failed");
    });
  const ping = (): Promise<number> =>
    timed(async () => {
      await client.ping();
    });

  const ask = async (until: () => boolean) => {
    const latencies = {
      health: new Array<number>(),
      ping: new Array<number>(),
    };
    while (!until()) {
      latencies.health.push(await health());
      latencies.ping.push(await ping());
      await Bun.sleep(pauseMs);
    }
    return latencies;
  };

  let asked = 0;
  const idle = await ask(() => (asked += 1) > 50 * rounds);
  const loaded = { health: new Array<number>(), ping: new Array<number>() };
  const [alone = [], together = []] = await interleaved(rounds, [
    () => timed(consult),
    () =>
      timed(async () => {
        let running = true;
        const all = Promise.all(Array.from({ length: consults }, consult));
        const over = all.finally(() => {
          running = false;
        });
        const [latencies] = await Promise.all([ask(() => !running), over]);
        loaded.health.push(...latencies.health);
        loaded.ping.push(...latencies.ping);
      }),
  ]);
  return [
    figure("health_snapshot, idle", "ms", idle.health, true),
    figure("health_snapshot, 6 consults running", "ms", loaded.health, true),
    figure("ping, idle", "ms", idle.ping, true),
    figure("ping, 6 consults running", "ms", loaded.ping, true),
    figure("one consult of 2 s", "ms", alone),
    ...pairedFigures("six at once", together, "one", alone),
  ];
}
