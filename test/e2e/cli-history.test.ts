// `phone-opus history`: list, show, export and prune, for people and as JSON.

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { z } from "zod";
import { anyNumber, matching } from "../claude/matching.ts";
import { shell } from "../cli/binary.ts";
import { fakeClaude } from "../fake-claude/fake-claude.ts";
import {
  consultIds,
  type Here,
  orphanedConsult,
  rowOf,
  spoolOf,
  untilNothingRuns,
} from "./cli-runs.ts";

const nothing = { code: 0, stdout: "", stderr: "no consults are kept\n" };

/** Asks, and resolves with the ids of all consults, the newest first. */
async function asked(here: Here, ...prompts: readonly string[]) {
  for (const prompt of prompts) await here.run(["consult", prompt]);
  await untilNothingRuns(here);
  return consultIds(here).toSorted().toReversed();
}

const listSchema = z.object({
  consults: z.array(
    z.looseObject({ consult_id: z.string(), prompt_head: z.string() }),
  ),
});

async function listed(here: Here, ...words: readonly string[]) {
  const { stdout } = await here.run(["history", "--json", ...words]);
  return listSchema.parse(JSON.parse(stdout)).consults;
}

describe("history", () => {
  test("of nothing says so", async () => {
    await using here = shell();
    expect(await here.run(["history"])).toEqual(nothing);
    expect(await here.run(["history", "--quiet"])).toEqual({
      ...nothing,
      stderr: "",
    });
    expect(await listed(here)).toEqual([]);
  });

  test("is a line each, the newest first, in aligned columns", async () => {
    await using here = shell();
    const [second, first] = await asked(here, "Why?", "And how?\nIn detail.");
    const { code, stdout, stderr } = await here.run(["history"]);
    expect([code, stderr]).toEqual([0, ""]);
    const when = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;
    const middle = String.raw`done  99ms  \$0\.000440  ${here.cwd}`;
    expect(stdout).toMatch(
      new RegExp(
        `^${second}  ${when}  ${middle}  And how\\?\n${first}  ${when}  ${middle}  Why\\?\n$`,
      ),
    );
  });

  test("is a line each, whatever prompt and directory hold", async () => {
    await using here = shell();
    const cwd = here.at("project/two\nlines");
    mkdirSync(cwd);
    await here.run(["consult", "Why \u001B[31mred\r\u009b2J?"], { cwd });
    await untilNothingRuns(here);
    const { stdout } = await here.run(["history"]);
    expect(stdout).toEndWith(
      '/project/two\\nlines"  "Why \\u001b[31mred\\r\\u009b2J?"\n',
    );
    expect(stdout).toMatch(/^[^\p{Cc}]+\n$/u);
  });

  test("as JSON has every field of a list", async () => {
    await using here = shell();
    const [id] = await asked(here, "Why?");
    expect<unknown>(await listed(here)).toEqual([
      {
        consult_id: id,
        status: "done",
        prompt_head: "Why?",
        cwd: here.cwd,
        model: "claude-opus-5-5",
        started_unix_ms: anyNumber(),
        duration_ms: 99,
        session_id: matching(/^[0-9a-f-]{36}$/),
        total_cost_usd: 0.00044,
        parent_id: null,
      },
    ]);
  });

  test("is as long as --limit, twenty by default", async () => {
    await using here = shell();
    const prompts = Array.from({ length: 22 }, (_, index) => `Why ${index}?`);
    await asked(here, ...prompts);
    expect((await listed(here)).length).toBe(20);
    const newest = await listed(here, "--limit", "2");
    expect(newest.map((each) => each.prompt_head)).toEqual([
      "Why 21?",
      "Why 20?",
    ]);
    expect((await listed(here, "--limit=100")).length).toBe(22);
  });

  test("tells failures and runs that go on from answers", async () => {
    await using here = shell({ program: "exits-7" });
    await asked(here, "Why?");
    expect(await listed(here)).toMatchObject([{ status: "failed" }]);
    await using slow = shell({ program: "hangs-silently" });
    await orphanedConsult(slow, "How long?");
    expect(await listed(slow)).toMatchObject([{ status: "running" }]);
  });

  test.each([
    [["nope"], 'history has no "nope": use show, export or prune'],
    [["show"], "a consult id is missing"],
    [["export"], "a consult id is missing"],
    [["show", "c_1", "c_2"], 'history takes no "c_2"'],
    [
      ["show", "c_1"],
      '"c_1" is no consult id (c_ and 32 hexadecimal digits): see phone-opus history',
    ],
    [["--limit", "x"], "--limit: expected a whole number"],
    [["--limit=-1"], "--limit: expected a whole number"],
    [["--limit", "0"], "--limit: expected at least 1"],
    [["--days", "3"], "--days is for history prune alone"],
    [["prune", "--limit=3"], "--limit is for the list alone, not for prune"],
    [["prune", "7"], 'history prune takes no "7": it goes by age, see --days'],
    [["prune", "--days", "1.5"], "--days: expected a whole number"],
    [["prune", "--days="], "--days: expected a whole number"],
    [["prune", "--days", " "], "--days: expected a whole number"],
  ])("%j is a usage error, and nothing is removed", async (words, problem) => {
    await using here = shell();
    const ids = await asked(here, "Why?");
    expect(await here.run(["history", ...words])).toEqual({
      code: 2,
      stdout: "",
      stderr: `phone-opus: ${problem} (see phone-opus --help)\n`,
    });
    expect(consultIds(here)).toEqual(ids);
  });
});

const absent = `c_${"0".repeat(32)}`;

describe("show", () => {
  test("prints the answer with its whole record", async () => {
    await using here = shell();
    const [id = ""] = await asked(here, "Why?");
    const { code, stdout } = await here.run(["history", "show", id]);
    expect(code).toBe(0);
    expect(stdout).toStartWith(`consult ok turns=1\nconsult: ${id}\n`);
    expect(stdout).toEndWith("\nresponse:\nThe answer is 42.\n");
    const json = await here.run(["history", "show", id, "--json"]);
    const answer = z.record(z.string(), z.unknown());
    expect(answer.parse(JSON.parse(json.stdout))).toMatchObject({
      consult_id: id,
      prompt: "Why?",
      response: "The answer is 42.",
    });
  });

  test("prints a failure with what had been written", async () => {
    await using here = shell({ program: "budget-exceeded" });
    const [id = ""] = await asked(here, "Why?");
    const { code, stdout } = await here.run(["history", "show", id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^failed: Claude Code reached the budget[^\n]*\nclaude_version: [^]*\nlayer_tree: unchanged\n[^]*\nresponse:\nThe answer is 42\.\n$/,
    );
    const json = await here.run(["history", "show", id, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      fault: { reason: "budget" },
      consult_id: id,
    });
  });

  test("of a run that goes on says how to wait for it", async () => {
    await using here = shell({ program: "hangs-silently" });
    const { id } = await orphanedConsult(here, "How long?");
    expect(await here.run(["history", "show", id])).toEqual({
      code: 1,
      stdout: "",
      stderr: `phone-opus: consult ${id} is not over: wait for it with phone-opus wait\n`,
    });
  });

  test.each(["show", "export"])(
    "%s of an unknown id says so",
    async (action) => {
      await using here = shell();
      expect(await here.run(["history", action, absent])).toEqual({
        code: 1,
        stdout: "",
        stderr: `phone-opus: there is no consult ${absent}: see phone-opus history\n`,
      });
    },
  );
});

test("export is one object that holds everything", async () => {
  await using here = shell();
  const [id] = await asked(here, "Why?");
  if (id === undefined) throw new Error("the consult has an id");
  const spool = spoolOf(here, id);
  const { code, stdout } = await here.run(["history", "export", id]);
  expect(code).toBe(0);
  const exported: unknown = JSON.parse(stdout);
  expect<unknown>(exported).toEqual({
    format: "phone-opus consult 1",
    consult_id: id,
    request: { prompt: "Why?", cwd: here.cwd },
    run: spool.readRun(),
    outcome: spool.readOutcome(),
    stdout: await Bun.file(spool.stdoutPath).text(),
    stderr: "",
  });
});

describe("prune", () => {
  test("removes nothing that is younger than --days", async () => {
    await using here = shell();
    const ids = await asked(here, "Why?", "How?");
    const pruned = await here.run(["history", "prune", "--days", "1"]);
    expect(pruned).toEqual({
      code: 0,
      stdout: "",
      stderr: "0 consults removed\n",
    });
    expect(consultIds(here).length).toBe(ids.length);
  });

  test("removes spools and rows of what is older, but no run that goes on", async () => {
    await using here = shell();
    const [id] = await asked(here, "Why?");
    if (id === undefined) throw new Error("the consult has an id");
    const environment = { PHONE_OPUS_CLAUDE_BIN: fakeClaude("hangs-silently") };
    const child = here.spawn(["consult", "How long?"], { environment });
    while ((await here.starts()).length < 2) await Bun.sleep(5);
    const pruned = await here.run(["history", "prune", "--days", "0"]);
    expect(pruned.stderr).toBe("1 consult removed\n");
    expect(spoolOf(here, id).exists()).toBe(false);
    expect(rowOf(here, id)).toBeUndefined();
    expect((await listed(here)).map((each) => each.prompt_head)).toEqual([
      "How long?",
    ]);
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
  });
});
