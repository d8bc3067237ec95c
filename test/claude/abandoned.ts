// A run whose runner was killed: the real runner process starts it, and dies as soon as
// Claude has read its prompt.

import { join } from "node:path";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { type consulting, until } from "./consulting.ts";

const main = join(import.meta.dir, "../../src/main.ts");

type Here = ReturnType<typeof consulting>;

export function startRunner(here: Here, id: string) {
  return Bun.spawn([process.execPath, main, "mcp", "runner", id], {
    cwd: here.cwd,
    env: { ...here.ports.environment },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
}

/** `isReady` says when the runner may die; by default once Claude has started. */
export async function abandonedRun(
  here: Here,
  request: Partial<ConsultRequest> = {},
  isReady: () => boolean | Promise<boolean> = () => true,
) {
  const { id, spool } = here.accepted(request);
  const runner = startRunner(here, id);
  await until("Claude runs and is on record", async () => {
    const isOnRecord = spool.readRun()?.process !== undefined;
    return isOnRecord && (await here.starts()).length === 1;
  });
  await until("the run is where it is wanted", isReady);
  runner.kill("SIGKILL");
  await runner.exited;
  const claude = spool.readRun()?.process;
  if (claude === undefined) throw new Error("Claude is not on record");
  return { id, spool, claude };
}
