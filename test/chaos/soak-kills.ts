// What the soak kills: the worker of one host, and runners of either. Not so often that
// a call loses more workers than it is asked again for, however slow the machine.

import { hasLiveRunner, readRunner } from "../../src/consult/custody.ts";
import { listRunning } from "../../src/consult/running.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import type { ChaosSession } from "./session.ts";

/** Two less than supervise/replay.ts grants: a death by ours may come on top. */
const mostLosses = 3;

export interface Kills {
  workers: number;
  runners: number;
}

/** Calls in flight, each with the number of kills when it began. */
export type Flight = Set<{ readonly killsBefore: number }>;

export function killWorker(
  session: ChaosSession,
  flight: Flight,
  kills: Kills,
): void {
  for (const { killsBefore } of flight) {
    if (kills.workers - killsBefore >= mostLosses) return;
  }
  for (const pid of session.workerPids()) {
    process.kill(pid, "SIGKILL");
    kills.workers += 1;
  }
}

/** Any whose Claude is known to run: a successor has something to go on with. */
export function killRunner(
  consultsDirectory: string,
  pick: (below: number) => number,
  kills: Kills,
): void {
  const driven = listRunning(consultsDirectory).filter(({ consult_id }) => {
    const { directory } = spoolAt(consultsDirectory, consult_id);
    return hasLiveRunner(directory) && (readRunner(directory)?.number ?? 9) < 3;
  });
  const chosen = driven[pick(driven.length)];
  if (chosen === undefined || chosen.claude_pid === null) return;
  if (chosen.runner_pid === null) return;
  process.kill(chosen.runner_pid, "SIGKILL");
  kills.runners += 1;
}
