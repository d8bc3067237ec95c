// One consult from request to outcome, whatever state its spool is in. Exactly one
// outcome comes out and is recorded.

import { describeError } from "../base/json.ts";
import type { ConsultOutcome } from "../consult/answer.ts";
import { createSpool, type Spool } from "../consult/spool.ts";
import { adoptRun } from "./adopt.ts";
import type { ClaudePorts, RunOptions } from "./follow.ts";
import { spoolFault, startRun } from "./start.ts";
import { forgetTree } from "./tree-watch.ts";

/** Makes the spool and brings its run to the end. */
export async function runConsult(
  ports: ClaudePorts,
  options: RunOptions,
): Promise<ConsultOutcome> {
  const { consultId, request } = options;
  const { consults } = ports.paths;
  try {
    const spool = createSpool(consults, consultId, request);
    return await driveRun(ports, spool, options);
  } catch (error) {
    return { status: "failed", fault: spoolFault(consults, error) };
  }
}

/**
 * Brings a run to its outcome from whatever state its spool is in: not started, left
 * running by a runner that died, or over without anybody having said so.
 */
export async function driveRun(
  ports: ClaudePorts,
  spool: Spool,
  options: RunOptions,
): Promise<ConsultOutcome> {
  const earlier = spool.readRun();
  const outcome =
    earlier === undefined ||
    (earlier.process === undefined && !spool.hasOutput())
      ? await startRun(ports, spool, options)
      : await adoptRun(ports, spool, options, earlier);
  // Else the runner that comes to store it has to compare, too.
  if (record(spool, outcome, ports.log)) forgetTree(spool);
  spool.removeTemporary();
  return outcome;
}

/** An outcome that cannot be stored is still the outcome. True when it was. */
function record(
  spool: Spool,
  outcome: ConsultOutcome,
  log: ClaudePorts["log"],
): boolean {
  try {
    spool.recordOutcome(outcome);
    return true;
  } catch (error) {
    log?.(
      `the outcome was not stored in ${spool.directory}: ${describeError(error)}`,
    );
    return false;
  }
}
