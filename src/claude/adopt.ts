// Goes on with a run whose runner died. Claude itself writes to files and never
// noticed; only its exit status is lost, which nobody can learn but its parent.

import type { ProcessIdentity } from "../base/ids.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import type { RunRecord, Spool } from "../consult/spool.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import {
  identifyProcess,
  isSameProcessAlive,
  processesOfRun,
} from "../sys/processes.ts";
import { type Exit, unknownExit } from "../sys/spawn.ts";
import { runMarker } from "./command.ts";
import { type ClaudePorts, followRun, type RunOptions } from "./follow.ts";

export async function adoptRun(
  ports: ClaudePorts,
  spool: Spool,
  options: RunOptions,
  run: RunRecord,
): Promise<ConsultOutcome> {
  const marker = runMarker(options.consultId);
  // Its children lead sessions, too: search only where it was never written down.
  const known = run.process ?? findLeader(marker);
  const leader =
    known !== undefined && isSameProcessAlive(known) ? known : undefined;
  return followRun(ports, spool, options, {
    process:
      leader === undefined
        ? {
            pid: ownGroup(run.process?.pid, marker),
            exited: Promise.resolve(unknownExit),
          }
        : { pid: leader.pid, exited: whenGone(leader, ports.clock) },
    timeoutMs: timeLeft(run, ports.clock),
  });
}

/** The marked process that leads its own session, as Claude does. */
function findLeader(marker: string): ProcessIdentity | undefined {
  const leader = processesOfRun({ leader: undefined, group: undefined, marker })
    .filter(({ pid, session }) => pid === session)
    .toSorted((a, b) => a.pid - b.pid)[0];
  return leader === undefined ? undefined : identifyProcess(leader.pid);
}

/**
 * A leader that is gone may have left its number to a stranger, after a restart of a
 * container even likely: the group of that number is the run's own only while one of
 * the run is in it, since then nobody else can have got the number.
 */
function ownGroup(
  number: number | undefined,
  marker: string,
): number | undefined {
  const isOwn = processesOfRun({
    leader: undefined,
    group: undefined,
    marker,
  }).some(({ group, session }) => group === number || session === number);
  return isOwn ? number : undefined;
}

/** Never more than the whole: the clock may have been set back meanwhile. */
function timeLeft(run: RunRecord, clock: Clock): number {
  const wholeMs = run.deadline_unix_ms - run.started_unix_ms;
  const leftMs = run.deadline_unix_ms - clock.unixMs();
  return Math.max(0, Math.min(wholeMs, leftMs));
}

const goneCheckMs = 100;

/** Nobody tells us of the end of a process that is not our child. */
async function whenGone(
  identity: ProcessIdentity,
  clock: Clock,
): Promise<Exit> {
  while (isSameProcessAlive(identity)) await sleep(clock, goneCheckMs);
  return unknownExit;
}
