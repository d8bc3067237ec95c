// Which processes exist and which of them belong to a run. A run's processes are
// found by descent, by session and group, and by a marker in their environment:
// Claude's shell commands lead sessions of their own, and a daemon that was
// re-parented to init is a descendant of nobody, but both inherited the marker.

import { readdirSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "../base/ids.ts";

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** `NAME=value` entries, as far as this user may read them. */
  readonly environment: () => string;
  /** In the middle of exec a process shows no environment, for a few milliseconds. */
  readonly isStarting: () => boolean;
}

export function listProcesses(): readonly ProcessEntry[] {
  return process.platform === "linux" ? listFromProc() : listFromPs();
}

const kernelThreads = 2;
/** Of /proc/PID/stat, counted from the state; in hundredths of a second. */
const startTimeField = 19;

function listFromProc(): readonly ProcessEntry[] {
  const uptimeSeconds = Number(readOrEmpty("/proc/uptime").split(" ")[0]);
  const startedBefore = (uptimeSeconds - 2) * 100;
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const status = readOrEmpty(`/proc/${name}/stat`);
    // The command is in parentheses and may hold any character: read behind it.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    const [state, parent, group, session] = fields;
    // A zombie runs nothing and holds nothing; only its parent can remove it.
    if (status === "" || state === "Z" || state === "X") return [];
    // Read once: what was empty for the marker must be empty for isStarting too.
    let read: string | undefined;
    const environment = () => (read ??= readOrEmpty(`/proc/${name}/environ`));
    return [
      {
        pid,
        parent: Number(parent),
        group: Number(group),
        session: Number(session),
        environment,
        isStarting: () =>
          Number(parent) !== kernelThreads &&
          Number(fields[startTimeField]) > startedBefore &&
          environment() === "",
      },
    ];
  });
}

/** Processes come and go while the list is read: what is gone reads as empty. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function listFromPs(): readonly ProcessEntry[] {
  const columns = "pid=,ppid=,pgid=,sess=,state=,command=";
  const ps = Bun.spawnSync(["ps", "-axwwE", "-o", columns], {
    stdin: "ignore",
    stderr: "ignore",
  });
  return ps.stdout
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [pid, parent, group, session, state, ...command] = line
        .trim()
        .split(/\s+/);
      if (state === undefined || state.startsWith("Z")) return [];
      return [
        {
          pid: Number(pid),
          parent: Number(parent),
          group: Number(group),
          // macOS prints a pointer here; the group then has to do.
          session: /^\d+$/.test(session ?? "") ? Number(session) : 0,
          environment: () => command.join("\0"),
          isStarting: () => false,
        },
      ];
    });
}

export interface RunIdentity {
  /** The leader of the run's session and group; undefined once it was reaped. */
  readonly leader: number | undefined;
  /** The group that the leader led, still its number while members live. */
  readonly group: number | undefined;
  /** `NAME=value`, put into the leader's environment at its start. */
  readonly marker: string;
}

/** All living processes of a run, never this process itself. */
export function processesOfRun(
  run: RunIdentity,
  all: readonly ProcessEntry[] = listProcesses(),
): readonly ProcessEntry[] {
  const members = new Set<number>();
  for (const entry of all) {
    const belongs =
      entry.pid === run.leader ||
      entry.group === run.group ||
      entry.session === run.group ||
      hasMarker(entry, run.marker);
    if (belongs) members.add(entry.pid);
  }
  // Descent, to its fixed point: the list is in no useful order.
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const entry of all) {
      if (members.has(entry.parent)) members.add(entry.pid);
    }
  }
  return all.filter(
    (entry) => members.has(entry.pid) && entry.pid !== process.pid,
  );
}

function hasMarker(entry: ProcessEntry, marker: string): boolean {
  return entry.environment().split("\0").includes(marker);
}

/** Undefined when there is no such process, or only its zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTime =
    process.platform === "linux"
      ? startTimeFromProc(pid)
      : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, start_time: startTime };
}

export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.start_time === identity.start_time;
}

/** In clock ticks since the machine started. */
function startTimeFromProc(pid: number): string | undefined {
  const status = readOrEmpty(`/proc/${pid}/stat`);
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  // The fields start with the third of proc(5); the start time is its 22nd.
  return status === "" || fields[0] === "Z" ? undefined : fields[19];
}

function startTimeFromPs(pid: number): string | undefined {
  const ps = Bun.spawnSync(["ps", "-o", "state=,lstart=", "-p", String(pid)], {
    stdin: "ignore",
    stderr: "ignore",
  });
  const [state, ...start] = ps.stdout.toString().trim().split(/\s+/);
  return start.length === 0 || state?.startsWith("Z") === true
    ? undefined
    : start.join(" ");
}

/** True when the signal was delivered, false when the process is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
