// Finds runs that nobody drives any more, because their runner was killed as well, and
// gives each a new one: it goes on with Claude or records how it ended.

import { hasLiveRunner } from "../consult/custody.ts";
import { consultIds } from "../consult/running.ts";
import { spoolAt } from "../consult/spool.ts";
import type { AttachPorts } from "./attach.ts";

/** Started runs only: what never started cost nothing and waits to be asked for. */
export function adoptAbandonedRuns(
  ports: AttachPorts,
  consultsDirectory: string,
): void {
  for (const id of consultIds(consultsDirectory)) {
    const spool = spoolAt(consultsDirectory, id);
    if (spool.hasOutcome() || spool.readRun() === undefined) continue;
    if (!hasLiveRunner(spool.directory)) ports.startRunner(id, spool);
  }
}
