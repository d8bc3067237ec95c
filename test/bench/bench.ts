// `npm run bench`: what phone-opus adds to Claude Code's own time. Medians of runs that take turns, so that a busy
// machine burdens both sides of a ratio. `--quick` for fewer runs, `--json` for machines.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { describeError } from "../../src/base/json.ts";
import { measureConcurrency } from "./concurrency.ts";
import { type Figure, table } from "./figures.ts";
import { measureLedger } from "./ledger.ts";
import { measureLoad } from "./load.ts";
import { measureOverhead } from "./overhead.ts";
import { openPlace } from "./place.ts";
import { measureRollout } from "./rollout.ts";
import { measureStart } from "./start.ts";

async function measure(isQuick: boolean): Promise<Figure[]> {
  await using place = await openPlace();
  return [
    ...(await measureStart(place, isQuick ? 5 : 30)),
    ...(await measureOverhead(place, isQuick ? 5 : 30)),
    ...(await measureLoad(place, isQuick ? 1 : 5)),
    ...(await measureConcurrency(place, isQuick ? 16 : 64, isQuick ? 1 : 5)),
    ...(await measureRollout(isQuick ? 5 : 100)),
    ...(await measureLedger(place, isQuick ? 5 : 30)),
  ];
}

try {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, json: { type: "boolean" } },
  });
  const figures = await measure(values.quick === true);
  const machine = {
    platform: process.platform,
    arch: process.arch,
    cores: availableParallelism(),
    bun: Bun.version,
  };
  if (values.json === true) {
    console.log(JSON.stringify({ machine, figures }, null, 2));
  } else {
    const { platform, arch, cores, bun } = machine;
    console.log(`${platform} ${arch}, ${cores} cores, Bun ${bun}\n`);
    console.log(table(figures));
  }
} catch (error) {
  console.error(`The benchmark did not run: ${describeError(error)}`);
  process.exitCode = 1;
}
