// Finds runs that nobody drives any more, because their runner was killed as well, and
// gives each a new one: it goes on with Claude or records how it ended.

import { hasLiveRunner } from "../consult/custody.ts";
import { consultIds } from "../consult/running.ts";
import { type Spool, spoolAt } from "../consult/spool.ts";
import type { AttachPorts } from "./attach.ts";

/** Started runs only: what never started cost nothing and waits to be asked for. */
export function adoptAbandonedRuns(
  ports: AttachPorts,
  consultsDirectory: string,
): void {
  for (const id of consultIds(consultsDirectory)) {
    const spool = spoolAt(consultsDirectory, id);
    if (isAbandoned(spool)) ports.startRunner(id, spool);
  }
}

function isAbandoned(spool: Spool): boolean {
  try {
    if (spool.hasOutcome() || spool.readRun() === undefined) return false;
    return !hasLiveRunner(spool.directory);
  } catch {
    // Nor could a runner read it, and the others are not to suffer.
    return false;
  }
}
