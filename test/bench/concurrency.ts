// Many consults of two seconds at once: how long they take, how fast health answers meanwhile, and how much
// memory host and worker need for it: eight running at a time, which is the default, and all of them.

import { readdirSync, readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { type Figure, figure } from "./figures.ts";
import { newPrompt, type Place, timed } from "./place.ts";

const pauseMs = 20;

export async function measureConcurrency(
  place: Place,
  consults: number,
  rounds: number,
): Promise<Figure[]> {
  return [
    ...(await measureAtOnce(place, consults, 8, Math.ceil(rounds / 3))),
    ...(await measureAtOnce(place, consults, consults, rounds)),
  ];
}

async function measureAtOnce(
  place: Place,
  consults: number,
  maxRunning: number,
  rounds: number,
): Promise<Figure[]> {
  const client = new Client({ name: "phone-opus-bench", version: "1.0.0" });
  const transport = new StdioClientTransport({
    command: place.binary,
    args: ["mcp", "serve"],
    cwd: place.directory,
    env: {
      ...place.environment("answers-slowly"),
      PHONE_OPUS_MAX_RUNNING: String(maxRunning),
    },
    stderr: "inherit",
  });
  await client.connect(transport);
  try {
    const pid = transport.pid ?? 0;
    const call = async (name: string, arguments_ = {}) => {
      const params = { name, arguments: arguments_ };
      const result = await client.callTool(params, undefined, {
        timeout: 300_000,
      });
      if (result.isError === true) {
        throw new Error(`${name} failed: ${JSON.stringify(result)}`);
      }
    };
    const consult = () => call("consult", { prompt: newPrompt() });
    await consult();

    const wall: number[] = [];
    const health: number[] = [];
    const peakMegabytes: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      let isRunning = true;
      let peak = 0;
      const watch = async () => {
        while (isRunning) {
          health.push(await timed(() => call("health_snapshot")));
          peak = Math.max(peak, residentMegabytes(pid));
          await Bun.sleep(pauseMs);
        }
      };
      const watching = watch();
      wall.push(
        await timed(async () => {
          const all = Array.from({ length: consults }, consult);
          await Promise.all(all).finally(() => {
            isRunning = false;
          });
        }),
      );
      await watching;
      peakMegabytes.push(peak);
    }
    const form = `${consults} consults of 2 s, ${maxRunning} running`;
    return [
      figure(form, "ms", wall),
      figure(`health_snapshot, ${form}`, "ms", health, true),
      figure(`host and worker, peak memory, ${form}`, "MB", peakMegabytes),
    ];
  } finally {
    await client.close();
  }
}

/** Of this process and its children; the runs' own processes are not counted, they belong to nobody. */
function residentMegabytes(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
      .split(" ")
      .filter((word) => word !== ""),
  );
  const kilobytes = [String(pid), ...children].map((each) => {
    try {
      const status = readFileSync(`/proc/${each}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
      return 0;
    }
  });
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1000;
}
