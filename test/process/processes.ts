// Which processes live, read from /proc without a word of the product's own code.

import { readdirSync, readFileSync } from "node:fs";

export interface LivingProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly command: string;
  readonly environment: readonly string[];
}

/** All processes that run; zombies do not. */
export function livingProcesses(): LivingProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : "";
    const [state, parent, group, session] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ");
    if (state === undefined || ["", "Z", "X"].includes(state)) return [];
    return [
      {
        pid: Number(name),
        parent: Number(parent),
        group: Number(group),
        session: Number(session),
        command: read(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim(),
        environment: read(`/proc/${name}/environ`).split("\0"),
      },
    ];
  });
}

export interface Belonging {
  /** `NAME=value`, any of them in the environment. */
  readonly markers: ReadonlySet<string>;
  /** Processes once started: themselves, their groups, sessions and descendants. */
  readonly pids: ReadonlySet<number>;
}

export function livingThatBelong({
  markers,
  pids,
}: Belonging): LivingProcess[] {
  if (pids.has(0)) throw new Error("0 is the group of half the system");
  const all = livingProcesses();
  const mine = new Set(
    all
      .filter(
        ({ pid, group, session, environment }) =>
          pids.has(pid) ||
          pids.has(group) ||
          pids.has(session) ||
          environment.some((entry) => markers.has(entry)),
      )
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== mine.size;) {
    before = mine.size;
    for (const { pid, parent } of all) if (mine.has(parent)) mine.add(pid);
  }
  return all.filter(({ pid }) => mine.has(pid));
}

export function isAlive(pid: number): boolean {
  return livingProcesses().some((process) => process.pid === pid);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // it ended meanwhile
  }
}
