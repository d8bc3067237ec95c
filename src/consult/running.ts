// Every run that is not over, as `phone-opus ps` shows it: from the spools, not the
// ledger, since this is what one looks at when something is wrong.

import { type ConsultId, consultIdSchema } from "../base/ids.ts";
import { namesIn } from "../sys/files.ts";
import { isSameProcessAlive } from "../sys/processes.ts";
import { hasLiveOwner, hasTicket, readRunner } from "./custody.ts";
import { createdUnixMsOf } from "./record.ts";
import { spoolAt } from "./spool.ts";

export interface RunningConsult {
  readonly consult_id: ConsultId;
  readonly cwd: string;
  readonly prompt: string;
  readonly started_unix_ms: number;
  readonly deadline_unix_ms: number | null;
  readonly runner_pid: number | null;
  readonly claude_pid: number | null;
  /** A living host or command waits for it. */
  readonly has_owner: boolean;
  readonly has_ticket: boolean;
}

export function listRunning(consultsDirectory: string): RunningConsult[] {
  return consultIds(consultsDirectory)
    .map((id) => readRunning(consultsDirectory, id))
    .filter((consult) => consult !== undefined);
}

export function consultIds(consultsDirectory: string): ConsultId[] {
  return namesIn(consultsDirectory).flatMap((name) => {
    const id = consultIdSchema.safeParse(name);
    return id.success ? [id.data] : [];
  });
}

function readRunning(
  consultsDirectory: string,
  id: ConsultId,
): RunningConsult | undefined {
  const spool = spoolAt(consultsDirectory, id);
  if (spool.hasOutcome()) return undefined;
  const request = spool.readRequest();
  if (request === undefined) return undefined;
  const run = spool.readRun();
  const runner = readRunner(spool.directory)?.identity;
  const alive = (identity: typeof runner) =>
    identity !== undefined && isSameProcessAlive(identity)
      ? identity.pid
      : null;
  return {
    consult_id: id,
    cwd: request.cwd,
    prompt: request.prompt,
    started_unix_ms: run?.started_unix_ms ?? createdUnixMsOf(id),
    deadline_unix_ms: run?.deadline_unix_ms ?? null,
    runner_pid: alive(runner),
    claude_pid: alive(run?.process),
    has_owner: hasLiveOwner(spool.directory),
    has_ticket: hasTicket(spool.directory),
  };
}
