// What `ps` shows: every run that is not over, with who drives and who waits.

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addOwner, claimRun, grantTicket } from "../../src/consult/custody.ts";
import { consultIds, listRunning } from "../../src/consult/running.ts";
import { done, gone, living, newId, run, scene, self } from "./scene.ts";

const createdMs = 1_700_000_000_000;

test("a consult that was only accepted is shown, with nobody", async () => {
  await using place = scene();
  const { id } = place.spool(newId(createdMs));
  expect(listRunning(place.consults)).toEqual([
    {
      consult_id: id,
      cwd: "/srv/shop",
      prompt: "Why?",
      started_unix_ms: createdMs,
      deadline_unix_ms: null,
      runner_pid: null,
      claude_pid: null,
      has_owner: false,
      has_ticket: false,
    },
  ]);
});

test("a run is shown with its processes while they live", async () => {
  await using place = scene();
  await using claude = living();
  const spool = place.spool();
  claimRun(spool.directory, self);
  addOwner(spool.directory, self);
  grantTicket(spool.directory);
  spool.recordRun({ ...run, process: claude.identity });
  const shown = () => listRunning(place.consults)[0];
  const alive = {
    consult_id: spool.id,
    cwd: "/srv/shop",
    prompt: "Why?",
    started_unix_ms: run.started_unix_ms,
    deadline_unix_ms: run.deadline_unix_ms,
    runner_pid: process.pid,
    claude_pid: claude.identity.pid,
    has_owner: true,
    has_ticket: true,
  };
  expect(shown()).toEqual(alive);
  await claude.end();
  expect(shown()).toEqual({ ...alive, claude_pid: null });
});

test("processes that only have the numbers of the dead are not shown", async () => {
  await using place = scene();
  const spool = place.spool();
  claimRun(spool.directory, gone);
  addOwner(spool.directory, gone);
  spool.recordRun({ ...run, process: gone });
  expect(listRunning(place.consults)).toMatchObject([
    { runner_pid: null, claude_pid: null, has_owner: false },
  ]);
});

test("what is over, unreadable or no consult is not shown", async () => {
  await using place = scene();
  const over = place.spool();
  over.recordOutcome(done(over.id));
  const broken = place.spool();
  writeFileSync(join(broken.directory, "request.json"), "{");
  mkdirSync(join(place.consults, newId()));
  mkdirSync(join(place.consults, `.${newId()}.77`));
  writeFileSync(join(place.consults, "notes.md"), "x");
  expect(listRunning(place.consults)).toEqual([]);
});

test("ids are those of directories with such names, and none where there is none", async () => {
  await using place = scene();
  const { id } = place.spool();
  mkdirSync(join(place.consults, "c_short"));
  mkdirSync(join(place.consults, id.toUpperCase()));
  expect(consultIds(place.consults)).toEqual([id]);
  expect(consultIds(place.dir.at("none"))).toEqual([]);
  expect(listRunning(place.dir.at("none"))).toEqual([]);
});
