// Which process it is: its number and when it began, so that another one which later
// got the number is never taken for it.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  identifyProcess,
  isSameProcessAlive,
} from "../../src/sys/processes.ts";
import { until } from "../helpers/until.ts";
import { startBystander } from "./running.ts";

test("a process is the same however often it is looked at", () => {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error("this process is not there");
  expect(self.pid).toBe(process.pid);
  expect(self.start_time.length).toBeGreaterThan(0);
  expect(identifyProcess(process.pid)).toEqual(self);
  expect(isSameProcessAlive(self)).toBe(true);
  const copy = { pid: self.pid, start_time: self.start_time };
  expect(isSameProcessAlive(copy)).toBe(true);
});

test("a process is there from its start to its end", async () => {
  await using child = startBystander();
  const identity = identifyProcess(child.pid);
  if (identity === undefined) throw new Error("it is not there");
  expect(isSameProcessAlive(identity)).toBe(true);
  await child[Symbol.asyncDispose]();
  expect([identifyProcess(child.pid), isSameProcessAlive(identity)]).toEqual([
    undefined,
    false,
  ]);
});

test("another process with the same number is not the same", () => {
  for (const start_time of ["", "0", "1", "Mon Jan 1 00:00:00 2001"]) {
    expect(isSameProcessAlive({ pid: process.pid, start_time })).toBe(false);
  }
});

test.each([[0], [-1], [2 ** 31 - 1], [1.5], [Number.NaN]])(
  "no process has the number %p",
  (pid) => {
    expect(identifyProcess(pid)).toBe(undefined);
    expect(isSameProcessAlive({ pid, start_time: "1" })).toBe(false);
  },
);

test("what has ended and waits to be reaped is not alive", async () => {
  // The shell becomes a process that never asks how its child ended.
  await using parent = Bun.spawn(
    ["sh", "-c", "sleep 300 & echo $!; exec sleep 300"],
    { stdin: "ignore", stderr: "ignore" },
  );
  const reader = parent.stdout.getReader();
  const line = Buffer.from((await reader.read()).value ?? []).toString();
  const pid = Number(line);
  const identity = identifyProcess(pid);
  if (identity === undefined) throw new Error("the child is not there");
  await until("its parent is no shell any more", () =>
    Bun.spawnSync(["ps", "-o", "comm=", "-p", String(parent.pid)])
      .stdout.toString()
      .trim()
      .endsWith("sleep"),
  );
  process.kill(pid, "SIGKILL");
  await until("the child is a zombie", () =>
    Bun.spawnSync(["ps", "-o", "state=", "-p", String(pid)])
      .stdout.toString()
      .trim()
      .startsWith("Z"),
  );
  expect([identifyProcess(pid), isSameProcessAlive(identity)]).toEqual([
    undefined,
    false,
  ]);
  parent.kill("SIGKILL");
  await parent.exited;
});

test.if(process.platform === "linux")(
  "a name with parentheses and spaces hides nothing",
  async () => {
    // What stands behind the last parenthesis counts, whatever the name looks like.
    await using child = Bun.spawn(
      [
        "sh",
        "-c",
        "printf '%s' ') Z 1 2 3 (' > /proc/$$/comm; echo named; read _",
      ],
      { stdin: "pipe", stderr: "inherit" },
    );
    const reader = child.stdout.getReader();
    await reader.read();
    const status = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    expect(status).toContain("() Z 1 2 3 ()");
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    expect(identifyProcess(child.pid)).toEqual({
      pid: child.pid,
      start_time: fields[19] ?? "",
    });
    void child.stdin.end();
    await child.exited;
  },
);
