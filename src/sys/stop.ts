// Ends a run and everything it started: politely, then by force. Force works on a
// snapshot of all its processes, taken again until none is left.

import type { Clock } from "./clock.ts";
import { sleep } from "./clock.ts";
import {
  listProcesses,
  processesOfRun,
  type RunIdentity,
  sendSignal,
} from "./processes.ts";
import type { Exit } from "./spawn.ts";

const roundMs = 20;
/** A fork bomb may outrun any number of rounds; then we say so instead of hanging. */
const maximumRounds = 100;
/** Somebody else's process may show no environment for ever. */
const settlingRounds = 10;

/** The leader of a run, which need not be our child. */
export interface RunProcess {
  /** Undefined when it is gone and its number was never written down. */
  readonly pid: number | undefined;
  readonly exited: Promise<Exit>;
}

export interface StopOptions {
  readonly process: RunProcess;
  readonly marker: string;
  readonly clock: Clock;
  /** How long the process may take to end after the polite signal. */
  readonly graceMs: number;
}

/**
 * SIGINT to the leader, since Claude answers that one with its envelope and ends
 * its own children; then whatever remains is killed. True when the leader itself
 * had to be killed.
 */
export async function stopRun(options: StopOptions): Promise<boolean> {
  const { process, marker, clock, graceMs } = options;
  if (process.pid !== undefined) sendSignal(process.pid, "SIGINT");
  const graceOver = new AbortController();
  const didExit = await Promise.race([
    process.exited.then(() => true),
    sleep(clock, graceMs, graceOver.signal).then(() => false),
  ]);
  graceOver.abort();
  await killRun(
    { leader: didExit ? undefined : process.pid, group: process.pid, marker },
    clock,
  );
  await process.exited;
  return !didExit;
}

/** Kills every process of the run and returns how many were still alive. */
export async function killRun(run: RunIdentity, clock: Clock): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; round < maximumRounds; round += 1) {
    const all = listProcesses();
    const alive = processesOfRun(run, all);
    // One that shows no environment yet may be of this run: look again.
    const isSettled =
      round >= settlingRounds || !all.some((entry) => entry.isStarting());
    if (alive.length === 0 && isSettled) return killed.size;
    for (const { pid } of alive) {
      killed.add(pid);
      sendSignal(pid, "SIGKILL");
    }
    await sleep(clock, roundMs);
  }
  throw new Error(
    `processes of ${run.marker} keep starting others faster than they can be killed`,
  );
}
