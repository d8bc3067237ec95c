// Which runs get a new runner when a worker starts: those that began, are not over and
// are driven by nobody.

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsultId } from "../../src/base/ids.ts";
import type { AttachPorts } from "../../src/claude/attach.ts";
import { adoptAbandonedRuns } from "../../src/claude/recover.ts";
import { claimRun } from "../../src/consult/custody.ts";
import { createSpool } from "../../src/consult/spool.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { faultRecord } from "../../src/base/fault.ts";
import { idleProcess, ownIdentity } from "./attaching.ts";
import { temporaryDirectory } from "./consulting.ts";
import { fakeClock } from "./fake-clock.ts";

function world() {
  const directory = temporaryDirectory();
  const consults = join(directory.path, "consults");
  const started: ConsultId[] = [];
  const ports: AttachPorts = {
    clock: fakeClock(),
    maxLineBytes: 1 << 20,
    admission: {
      queue: () => ({
        hasCome: () => true,
        position: () => 0,
        leave: () => {},
      }),
    },
    startRunner: (id) => {
      started.push(id);
      return { ok: false, code: undefined, reason: "only noted" };
    },
  };
  return {
    consults,
    adopt: () => {
      adoptAbandonedRuns(ports, consults);
      return started;
    },
    spool: (isStarted = true) => {
      const id = newConsultId();
      const request = { prompt: "Why?", cwd: directory.path };
      const spool = createSpool(consults, id, request);
      if (isStarted) {
        spool.recordRun({
          claude_path: "claude",
          claude_version: "2.1.329",
          arguments: [],
          started_unix_ms: 1,
          deadline_unix_ms: 2,
        });
      }
      return { id, spool };
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("a run that began and that nobody drives gets one", async () => {
  using here = world();
  const never = here.spool();
  const dead = here.spool();
  {
    await using runner = idleProcess();
    claimRun(dead.spool.directory, runner.identity);
  }
  expect(here.adopt().toSorted()).toEqual([never.id, dead.id].toSorted());
});

test("a run that is driven, over, or never began gets none", () => {
  using here = world();
  claimRun(here.spool().spool.directory, ownIdentity());
  here.spool().spool.recordOutcome({
    status: "failed",
    fault: faultRecord({
      code: "timeout",
      stage: "claude",
      operation: "tools/call:consult",
      detail: "It took too long.",
    }),
  });
  here.spool(false);
  expect(here.adopt()).toEqual([]);
});

test("what is no consult is passed by", () => {
  using here = world();
  expect(here.adopt()).toEqual([]);
  const { id } = here.spool();
  mkdirSync(join(here.consults, `.${newConsultId()}.1`));
  mkdirSync(join(here.consults, newConsultId()));
  writeFileSync(join(here.consults, "notes"), "");
  expect(here.adopt()).toEqual([id]);
});

test("one that cannot be read keeps nobody else from being found", () => {
  using here = world();
  const ids = Array.from({ length: 20 }, () => {
    const { id, spool } = here.spool(false);
    mkdirSync(join(spool.directory, "run.json"));
    return [id, here.spool().id];
  });
  expect(here.adopt().toSorted()).toEqual(
    ids.flatMap(([, id]) => id ?? []).toSorted(),
  );
});
