// What the tests of history, wait, cancel, ps and gc share: consults in the background
// and what is on record of them.

import { readdirSync } from "node:fs";
import { until } from "../claude/consulting.ts";
import type { shell } from "../cli/binary.ts";
import { type ConsultId, consultIdSchema } from "../../src/base/ids.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { spoolAt } from "../../src/consult/spool.ts";

export type Here = ReturnType<typeof shell>;

export function consultIds(here: Here): ConsultId[] {
  try {
    return readdirSync(here.at("state/phone_opus/consults"))
      .filter((name) => name.startsWith("c_"))
      .map((name) => consultIdSchema.parse(name));
  } catch {
    return [];
  }
}

export function spoolOf(here: Here, id: ConsultId) {
  return spoolAt(here.at("state/phone_opus/consults"), id);
}

/** The row of the ledger. */
export function rowOf(here: Here, id: ConsultId) {
  const ledger = openLedger({
    path: here.at("state/phone_opus/ledger.sqlite"),
    consultsDirectory: here.at("state/phone_opus/consults"),
  });
  try {
    return ledger.get(id);
  } finally {
    ledger.close();
  }
}

/** A command in the background; `ended` reads it to its end. */
export function inBackground(here: Here, ...words: readonly string[]) {
  const child = here.spawn(words);
  void child.stdin.end();
  const output = Promise.all([child.stdout.text(), child.stderr.text()]);
  return {
    child,
    ended: async () => {
      const [stdout, stderr] = await output;
      return { code: await child.exited, stdout, stderr };
    },
  };
}

/** A consult whose Claude runs and is on record. */
export async function runningConsult(here: Here, ...words: readonly string[]) {
  const known = new Set(consultIds(here));
  const command = inBackground(here, "consult", ...words);
  let id: ConsultId | undefined;
  await until("Claude runs and is on record", async () => {
    id = consultIds(here).find((each) => !known.has(each));
    if (id === undefined) return false;
    const pid = spoolOf(here, id).readRun()?.process?.pid;
    return (await here.starts()).some((start) => start.pid === pid);
  });
  if (id === undefined) throw new Error("the consult has an id");
  return { ...command, id, spool: spoolOf(here, id) };
}

/** The same with its command killed, as a terminal that vanished would. */
export async function orphanedConsult(here: Here, ...words: readonly string[]) {
  const consult = await runningConsult(here, ...words);
  consult.child.kill("SIGKILL");
  await consult.child.exited;
  return consult;
}

/** For runs that end, with their runners gone, too. */
export async function untilNothingRuns(here: Here): Promise<void> {
  await until(
    "nothing runs",
    async () => (await here.processes()).length === 0,
  );
}
