// The real runner process: it drives its run alone, obeys cancellations and signals, and
// says in one line what it cannot do.

import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRunner, requestCancel } from "../../src/consult/custody.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { queuedRecord } from "../../src/consult/record.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { anyNumber } from "../claude/matching.ts";
import { until } from "../helpers/until.ts";
import { compiled, fromSource } from "../process/piped.ts";
import { running } from "./running.ts";

const quiet = { code: 0, stdout: "", stderr: "" };

describe.each([
  { way: "from source", command: fromSource },
  { way: "compiled", command: compiled },
])("a runner $way", ({ command }) => {
  test("brings its run to the outcome and its row to the end", async () => {
    await using here = await running(command, "answers");
    const { id, spool } = here.spool();
    const options = {
      path: here.ledger,
      consultsDirectory: here.sandbox.consults,
    };
    const request = { prompt: "Why?", cwd: here.sandbox.project };
    const before = openLedger(options);
    before.add(queuedRecord(id, request, Date.now()));
    before.close();
    expect(await here.run([id])).toEqual(quiet);
    expect(spool.readOutcome()).toMatchObject({
      status: "done",
      answer: { response: "The answer is 42." },
    });
    const after = openLedger(options);
    expect(after.get(id)).toMatchObject({
      status: "done",
      pid: spool.readRun()?.process?.pid,
      num_turns: 1,
      delivered: 0,
      deadline_unix_ms: anyNumber(),
    });
    after.close();
    expect(readRunner(spool.directory)?.number).toBe(1);
    await here.sandbox.untilNothingRuns();
  });

  test("makes the row that nobody has made", async () => {
    await using here = await running(command, "answers");
    const options = {
      path: here.ledger,
      consultsDirectory: here.sandbox.consults,
    };
    // One that is made later would find the spool.
    openLedger(options).close();
    const { id } = here.spool();
    expect(await here.run([id])).toEqual(quiet);
    const ledger = openLedger(options);
    expect(ledger.get(id)).toMatchObject({ status: "done", num_turns: 1 });
    ledger.close();
  });

  test("is one of twenty: Claude is started once", async () => {
    await using here = await running(command, "answers-slowly", {
      FAKE_CLAUDE_MS: "1000",
    });
    const { id, spool } = here.spool();
    const runs = Array.from({ length: 20 }, () => here.run([id]));
    expect(await Promise.all(runs)).toEqual(Array.from(runs, () => quiet));
    expect(spool.readOutcome()?.status).toBe("done");
    // One that comes when the run is over claims it, too, and starts nothing.
    expect((await here.sandbox.starts()).length).toBe(1);
  });

  test("leaves a run alone that is over", async () => {
    await using here = await running(command, "answers");
    const { id, spool } = here.spool();
    await here.run([id]);
    const outcome = readFileSync(join(spool.directory, "outcome.json"), "utf8");
    expect(await here.run([id])).toEqual(quiet);
    expect(readFileSync(join(spool.directory, "outcome.json"), "utf8")).toBe(
      outcome,
    );
    expect((await here.sandbox.starts()).length).toBe(1);
  });

  test("starts no Claude for a run that was cancelled before", async () => {
    await using here = await running(command, "answers");
    const { id, spool } = here.spool();
    requestCancel(spool.directory, "Never mind.");
    expect(await here.run([id])).toEqual(quiet);
    expect(spool.readOutcome()).toMatchObject({
      status: "cancelled",
      fault: { fault: { code: "cancelled", detail: "Never mind." } },
    });
    expect(await here.sandbox.starts()).toEqual([]);
    expect(spool.readRun()).toBeUndefined();
  });

  test("ends its run when it is cancelled, grandchildren included", async () => {
    await using here = await running(command, "hangs-with-a-grandchild");
    const { id, spool } = here.spool();
    const run = here.run([id]);
    await here.untilStarted(id, spool);
    await until("the grandchild is there", () => {
      return here.sandbox.grandchildren().length === 1;
    });
    requestCancel(spool.directory, "Never mind.");
    expect(await run).toEqual(quiet);
    expect(spool.readOutcome()).toMatchObject({
      status: "cancelled",
      fault: { fault: { detail: "Never mind." } },
    });
    expect(await here.sandbox.processesLeft()).toEqual([]);
  });

  test("finds a cancellation without being told", async () => {
    await using here = await running(command, "hangs-silently");
    const { id, spool } = here.spool();
    const run = here.run([id]);
    await here.untilStarted(id, spool);
    writeFileSync(
      join(spool.directory, "cancel.json"),
      JSON.stringify({ reason: "On paper." }),
    );
    await run;
    expect(spool.readOutcome()).toMatchObject({
      fault: { fault: { detail: "On paper." } },
    });
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "ends its run on %s, and says so",
    async (signal) => {
      await using here = await running(command, "stops-on-sigint");
      const { id, spool } = here.spool();
      const child = here.start([id]);
      await here.untilStarted(id, spool);
      child.kill(signal);
      expect(await child.exited).toBe(0);
      expect(spool.readOutcome()).toMatchObject({
        status: "cancelled",
        fault: { fault: { detail: `The run was ended by ${signal}.` } },
      });
      expect(await here.sandbox.processesLeft()).toEqual([]);
    },
  );

  test.each([undefined, "", "{", '{"prompt":1}'])(
    "says in one line that the request %j cannot be read",
    async (content) => {
      await using here = await running(command, "answers");
      const { id, spool } = here.spool();
      const path = join(spool.directory, "request.json");
      if (content === undefined) await Bun.file(path).delete();
      else writeFileSync(path, content);
      expect(await here.run([id])).toEqual({
        ...quiet,
        stderr: `phone-opus: consult ${id} has no readable request in ${spool.directory}\n`,
      });
      expect(spool.readOutcome()).toBeUndefined();
      expect(readRunner(spool.directory)).toBeUndefined();
    },
  );

  test("of a consult that does not exist says so and makes nothing", async () => {
    await using here = await running(command, "answers");
    const id = newConsultId();
    const { stderr } = await here.run([id]);
    expect(stderr).toStartWith(`phone-opus: consult ${id} has no readable`);
    expect(await Bun.file(here.ledger).exists()).toBe(false);
  });

  test.each([
    [["nonsense"], "phone-opus: usage: mcp runner CONSULT_ID\n"],
    [["c_12"], "phone-opus: usage: mcp runner CONSULT_ID\n"],
    [["../../etc"], "phone-opus: usage: mcp runner CONSULT_ID\n"],
    [
      [],
      "phone-opus: there is no command mcp runner: use phone-opus mcp serve (see phone-opus --help)\n",
    ],
  ])("refuses %j with exit code 2", async (words, stderr) => {
    await using here = await running(command, "answers");
    expect(await here.run(words)).toEqual({ code: 2, stdout: "", stderr });
  });

  test("refuses a bad setting with exit code 2", async () => {
    await using here = await running(command, "answers", {
      PHONE_OPUS_ORPHAN_GRACE_S: "long",
    });
    const { code, stderr } = await here.run([here.spool().id]);
    expect(stderr).toStartWith(
      'phone-opus: PHONE_OPUS_ORPHAN_GRACE_S is "long"',
    );
    expect(code).toBe(2);
  });
});
