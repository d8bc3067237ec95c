// How a consult ended, as its spool keeps it: whole or not at all, and to be taken
// elsewhere in one piece.

import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faultRecord } from "../../src/base/fault.ts";
import { consultIdSchema } from "../../src/base/ids.ts";
import { answerFrom, type ConsultOutcome } from "../../src/consult/answer.ts";
import { createSpool, exportSpool, spoolAt } from "../../src/consult/spool.ts";
import { removeDirectory } from "../../src/sys/files.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { bareReply } from "./samples.ts";

const id = consultIdSchema.parse(`c_${"1".repeat(32)}`);
const request = { prompt: "Why é?", cwd: "/", max_turns: 2 };

const fault = {
  ...faultRecord({
    code: "downstream_failure",
    stage: "claude",
    operation: "tools/call:consult",
    detail: "Limit reached.",
    reason: "rate_limit",
    retryAtUnixMs: 5,
  }),
  consult_id: id,
  session_id: "s",
  partial_response: "half\r\n",
};

const outcomes: readonly ConsultOutcome[] = [
  { status: "done", answer: answerFrom(id, request, bareReply) },
  { status: "failed", fault },
  { status: "cancelled", fault },
];

test.each(outcomes.map((outcome) => [outcome.status, outcome] as const))(
  "an outcome that is %s is read back as it was, by another too",
  async (_, outcome) => {
    await using dir = tempDir();
    const spool = createSpool(dir.path, id, request);
    expect(spool.readOutcome()).toBe(undefined);
    spool.recordOutcome(outcome);
    expect(spool.hasOutcome()).toBe(true);
    expect(spool.readOutcome()).toEqual(outcome);
    expect(spoolAt(dir.path, id).readOutcome()).toEqual(outcome);
    expect(modeOf(join(spool.directory, "outcome.json"))).toBe(0o600);
    expect(readdirSync(spool.directory).toSorted()).toEqual([
      "outcome.json",
      "request.json",
    ]);
  },
);

test("an outcome that is cut anywhere is no outcome", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  const text = JSON.stringify(outcomes[0]);
  for (let end = 0; end < text.length; end += 1) {
    writeFileSync(join(spool.directory, "outcome.json"), text.slice(0, end));
    expect({ end, outcome: spool.readOutcome() }).toEqual({
      end,
      outcome: undefined,
    });
  }
});

test("an outcome that is something else is no outcome", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  for (const text of ["null", "[]", '{"status":"done"}', '{"status":"odd"}']) {
    writeFileSync(join(spool.directory, "outcome.json"), text);
    expect(spool.readOutcome()).toBe(undefined);
  }
});

test("the export holds all there is, and says so where there is nothing", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  const bare = {
    format: "phone-opus consult 1",
    consult_id: id,
    request,
    run: null,
    outcome: null,
    stdout: null,
    stderr: null,
  };
  expect<unknown>(exportSpool(spool, id)).toEqual(bare);
  const run = {
    started_unix_ms: 1,
    deadline_unix_ms: 2,
    claude_path: "/opt/claude",
    claude_version: "2.1.329",
    arguments: [],
  };
  const outcome: ConsultOutcome = { status: "failed", fault };
  spool.recordRun(run);
  spool.recordOutcome(outcome);
  writeFileSync(spool.stdoutPath, '{"type":"system"}\n');
  writeFileSync(spool.stderrPath, "é");
  expect<unknown>(exportSpool(spool, id)).toEqual({
    ...bare,
    run,
    outcome,
    stdout: '{"type":"system"}\n',
    stderr: "é",
  });
});

test("a removed spool is gone with all it holds, and may be removed again", async () => {
  await using dir = tempDir();
  const spool = createSpool(dir.path, id, request);
  writeFileSync(join(spool.directory, "runner.1.json"), "{}");
  removeDirectory(spool.directory);
  removeDirectory(spool.directory);
  expect([spool.exists(), readdirSync(dir.path)]).toEqual([false, []]);
});
