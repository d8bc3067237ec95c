// Which processes belong to a run: first on drawn lists, then on real ones.

import { expect, test } from "bun:test";
import {
  listProcesses,
  type ProcessEntry,
  processesOfRun,
  type RunIdentity,
  sendSignal,
} from "../../src/sys/processes.ts";
import { startBystander, startRun } from "./running.ts";

const marker = "RUN=one";

const entry = (
  pid: number,
  parent: number,
  group = pid,
  session = pid,
  environment = "",
): ProcessEntry => ({
  pid,
  parent,
  group,
  session,
  environment: () => environment,
  isStarting: () => false,
});

const of = (run: Partial<RunIdentity>, all: readonly ProcessEntry[]) =>
  processesOfRun({ leader: 100, group: 100, marker, ...run }, all).map(
    ({ pid }) => pid,
  );

test("the leader, its group and its session belong to a run", () => {
  expect(
    of({}, [
      entry(1, 0),
      entry(100, 50),
      entry(101, 1, 100, 100),
      entry(102, 1, 102, 100),
      entry(103, 1),
    ]),
  ).toEqual([100, 101, 102]);
});

test("descendants belong to it, in whatever order they are listed", () => {
  const chain = [entry(104, 103), entry(103, 102), entry(102, 100)];
  expect(of({}, [...chain, entry(100, 50), entry(105, 50)])).toEqual([
    104, 103, 102, 100,
  ]);
});

test("a group without its leader still belongs to it", () => {
  expect(
    of({ leader: undefined }, [entry(101, 1, 100, 100), entry(102, 101)]),
  ).toEqual([101, 102]);
});

test("the marker finds what nothing else ties to the run", () => {
  expect(
    of({}, [
      entry(200, 1, 200, 200, `A=b\0${marker}\0C=d`),
      entry(201, 200),
      entry(202, 1, 202, 202, `${marker}\0`),
    ]),
  ).toEqual([200, 201, 202]);
});

test("what only resembles the marker does not", () => {
  expect(
    of({}, [
      entry(200, 1, 200, 200, "RUN=one1\0"),
      entry(201, 1, 201, 201, "OVERRUN=one\0"),
      entry(202, 1, 202, 202, "A=RUN=one\0"),
      entry(203, 1, 203, 203, "RUN=\0one\0"),
    ]),
  ).toEqual([]);
});

test("this process is never among them", () => {
  expect(
    of({ leader: process.pid }, [
      entry(process.pid, 1, 100, 100, marker),
      entry(300, process.pid),
    ]),
  ).toEqual([300]);
});

test("an empty list holds nobody", () => {
  expect(of({}, [])).toEqual([]);
});

test("the real list has this process under its real parent", () => {
  const self = listProcesses().find(({ pid }) => pid === process.pid);
  expect(self?.parent).toBe(process.ppid);
});

test("a real family is found whole, and nobody else", async () => {
  await using bystander = startBystander();
  await using run = await startRun("family-fixture.ts");
  const found = processesOfRun({
    leader: run.process.pid,
    group: run.process.pid,
    marker: run.marker,
  }).map(({ pid }) => pid);
  expect(new Set(found)).toEqual(
    new Set([run.process.pid, ...Object.values(run.pids)]),
  );
  expect(found).not.toContain(bystander.pid);
});

test("the leader of a run leads a group and a session of its own", async () => {
  await using run = await startRun("family-fixture.ts");
  const { pid } = run.process;
  const leader = listProcesses().find((process) => process.pid === pid);
  expect([leader?.group, leader?.session, leader?.parent]).toEqual([
    pid,
    pid,
    process.pid,
  ]);
});

test("the orphaned daemon of a run is found by its marker alone", async () => {
  await using run = await startRun("abandons-fixture.ts");
  await run.process.exited;
  const orphans = processesOfRun({
    leader: undefined,
    group: -1,
    marker: run.marker,
  }).map(({ pid }) => pid);
  expect(new Set(orphans)).toEqual(new Set(Object.values(run.pids)));
});

test("a signal is delivered to the living and tells of the dead", async () => {
  const child = Bun.spawn(["sleep", "300"], { stdio: ["ignore", null, null] });
  expect(sendSignal(child.pid, "SIGTERM")).toBe(true);
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
  expect(sendSignal(child.pid, "SIGTERM")).toBe(false);
});
