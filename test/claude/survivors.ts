// Which processes of a run are still alive, found without any code of the product: by
// group, by descent and by the marker in their environment. Zombies do not count.

import { readFileSync } from "node:fs";

export interface RunTraces {
  /** `NAME=value` entries that every process of the run inherited. */
  readonly markers: readonly string[];
  /** Each led a group of its own number. */
  readonly leaders: readonly number[];
  /** Known by their pid alone. */
  readonly others: readonly number[];
}

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly command: string;
}

/** One line each, e.g. `123 sleep 300`, for a failure that explains itself. */
export function survivors(run: RunTraces): string[] {
  const all = processes();
  const found = new Set(
    all
      .filter(
        ({ pid, group }) =>
          run.leaders.includes(pid) ||
          run.leaders.includes(group) ||
          run.others.includes(pid) ||
          isMarked(pid, run.markers),
      )
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all
    .filter(({ pid }) => found.has(pid) && pid !== process.pid)
    .map(({ pid, command }) => `${pid} ${command}`);
}

/** The broom behind a test that failed. */
export function killMarked(markers: readonly string[]): void {
  for (const { pid } of processes()) {
    if (pid === process.pid || !isMarked(pid, markers)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      continue;
    }
  }
}

function processes(): Entry[] {
  const columns = "pid=,ppid=,pgid=,stat=,args=";
  const { stdout } = Bun.spawnSync(["ps", "-axww", "-o", columns]);
  return stdout
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [pid, parent, group, state, ...command] = line.trim().split(/\s+/);
      if (state === undefined || state.startsWith("Z")) return [];
      return [
        {
          pid: Number(pid),
          parent: Number(parent),
          group: Number(group),
          command: command.join(" "),
        },
      ];
    });
}

function isMarked(pid: number, markers: readonly string[]): boolean {
  if (markers.length === 0) return false;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
    return environment.split("\0").some((entry) => markers.includes(entry));
  } catch {
    return false;
  }
}
