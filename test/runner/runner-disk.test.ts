// A disk that is full for the runner, as a limit on file sizes: one clear line or fault,
// no stack trace, and nothing lost that is stored already.

import { expect, test } from "bun:test";
import { isSameProcessAlive } from "../../src/sys/processes.ts";
import { until } from "../helpers/until.ts";
import { compiled } from "../process/piped.ts";
import { running } from "./running.ts";

/** In blocks of 512 bytes: a claim fits into one, the record of a run does not. */
const oneBlock = "ulimit -f 1";

const stackTrace = /^\s+at |\$bunfs|\d+ \| /m;

test("a run that cannot be put on record is a fault, and Claude is not started", async () => {
  await using here = await running(compiled, "answers");
  const { id, spool } = here.spool();
  const { stderr } = await here.run([id], oneBlock);
  expect(stderr).not.toMatch(stackTrace);
  const outcome = spool.readOutcome();
  expect(outcome).toMatchObject({
    status: "failed",
    fault: { fault: { code: "process_failure" }, retryable: true },
  });
  expect(JSON.stringify(outcome)).toContain(
    `The consult could not be stored in ${spool.directory} (EFBIG: file too large, write): free the disk`,
  );
  expect(await here.sandbox.starts()).toEqual([]);
});

test("a run that cannot be claimed is told in one line", async () => {
  await using here = await running(compiled, "answers");
  const { id, spool } = here.spool();
  const { stderr } = await here.run([id], "ulimit -f 0");
  expect(spool.readOutcome()).toBeUndefined();
  expect(stderr).toContain("EFBIG");
  expect(stderr).not.toMatch(stackTrace);
  // Nothing was asked; with room on the disk the same run is.
  expect((await here.run([id])).code).toBe(0);
  expect(spool.readOutcome()?.status).toBe("done");
  expect((await here.sandbox.starts()).length).toBe(1);
});

/** Claude's answer is in the spool, its outcome cannot be written. */
async function unrecorded() {
  const here = await running(compiled, "answers-slowly", {
    FAKE_CLAUDE_MS: "500",
  });
  const { id, spool } = here.spool();
  const first = here.start([id]);
  await here.untilStarted(id, spool);
  first.kill("SIGKILL");
  await first.exited;
  await until("Claude has answered", () => {
    const claude = spool.readRun()?.process;
    return claude !== undefined && !isSameProcessAlive(claude);
  });
  return { here, id, spool, limited: await here.run([id], oneBlock) };
}

test("an answer whose outcome cannot be written is there once it can", async () => {
  const { here, id, spool, limited } = await unrecorded();
  await using _ = here;
  expect(limited.stderr).not.toMatch(stackTrace);
  expect(spool.readOutcome()).toBeUndefined();
  expect(await here.run([id])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(spool.readOutcome()).toMatchObject({
    status: "done",
    answer: { response: "The answer is 42." },
  });
  expect((await here.sandbox.starts()).length).toBe(1);
});

test("an outcome that cannot be written is told in the runner's log", async () => {
  const { here, limited } = await unrecorded();
  await using _ = here;
  expect(limited.stderr).toMatch(/outcome.*EFBIG/);
});
