// Files that change while Claude runs, as the command line tells it: the paid answer is
// printed, the exit code and standard error say what to look at, and it stays on record.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { faultRecordSchema } from "../../src/base/fault.ts";
import { temporaryDirectory } from "../claude/consulting.ts";
import { resultLine, shellClaude } from "../claude/shell-claude.ts";
import { binary, shell } from "../cli/binary.ts";
import { consultIds, rowOf, untilNothingRuns } from "./cli-runs.ts";

function writing() {
  const directory = temporaryDirectory();
  const path = shellClaude(
    join(directory.path, "claude"),
    `echo x > made.txt\necho '${resultLine("It is 42.")}'`,
  );
  const here = shell({
    program: { path },
    environment: { PHONE_OPUS_SANDBOX: "off" },
  });
  return {
    ...here,
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

test("the answer is printed whole, and the files are named", async () => {
  await using here = writing();
  const { code, stdout, stderr } = await here.run(["consult", "Why?"]);
  expect([code, stdout]).toEqual([1, "It is 42.\n"]);
  expect(stderr).toContain('("made.txt" added)');
  expect(stderr.trimEnd().split("\n").length).toBe(1);

  await untilNothingRuns(here);
  const [id] = consultIds(here);
  if (id === undefined) throw new Error("the consult is on record");
  const shown = await here.run(["history", "show", id]);
  expect(shown.stdout).toContain("\ntree_added: made.txt\n");
  expect(shown.stdout).toEndWith("\nIt is 42.\n");
  expect(rowOf(here, id)).toMatchObject({ status: "failed", num_turns: 1 });
});

test.each(["", "--json"])(
  "an answer that reached nobody is kept, with %j and no history, too",
  async (option) => {
    await using here = writing();
    const command = `'${binary}' consult ${option} Why? | true`;
    const environment = { ...here.environment, PHONE_OPUS_HISTORY: "off" };
    await Bun.spawn(["sh", "-c", command], {
      cwd: here.cwd,
      env: environment,
      stdin: "ignore",
      stderr: "ignore",
    }).exited;
    await untilNothingRuns(here);
    const [id] = consultIds(here);
    if (id === undefined) throw new Error("the consult is kept");
    const waited = await here.run(["wait", id], { environment });
    expect([waited.code, waited.stdout]).toEqual([1, "It is 42.\n"]);
    expect(consultIds(here)).toEqual([]);
  },
);

test("as JSON the record carries answer and receipt", async () => {
  await using here = writing();
  const { code, stdout } = await here.run(["consult", "--json", "Why?"]);
  expect(code).toBe(1);
  expect(faultRecordSchema.parse(JSON.parse(stdout))).toMatchObject({
    fault: { code: "tree_changed" },
    partial_response: "It is 42.",
    receipt: { tree: { changes: [{ path: "made.txt", change: "added" }] } },
  });
});

test("where that is wanted it is an answer like any other", async () => {
  await using here = writing();
  const { code, stdout } = await here.run(
    ["consult", "--detail=full", "Why?"],
    {
      environment: { PHONE_OPUS_TREE_CHANGED: "report" },
    },
  );
  expect(code).toBe(0);
  expect(stdout).toContain("\nlayer_tree: changed\n");
  expect(stdout).toContain("\ntree_added: made.txt\n");
  expect(stdout).toEndWith("response:\nIt is 42.\n");
});
