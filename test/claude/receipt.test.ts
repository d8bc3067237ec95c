// Receipts of whole runs: what they say, and what becomes of an answer while whose
// making files changed. Whatever becomes of it, the answer is there.

import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Receipt } from "../../src/base/receipt.ts";
import type { SandboxRecord } from "../../src/base/sandbox.ts";
import type { ConsultOutcome } from "../../src/consult/answer.ts";
import { outcomeFields } from "../../src/consult/record.ts";
import { watchedTree } from "../../src/claude/receipt.ts";
import { lookBefore } from "../../src/claude/tree-watch.ts";
import { consulting, type Given, temporaryDirectory } from "./consulting.ts";
import { resultLine, shellClaude } from "./shell-claude.ts";

const init = JSON.stringify({
  type: "system",
  subtype: "init",
  session_id: "6a7f4baf-c083-4b9f-b75c-15c78d7675a5",
  tools: ["Bash", "Read"],
  apiKeySource: "none",
});

/** A Claude that does this in the project, then answers. */
function acting(script: string, given: Partial<Given> = {}) {
  const directory = temporaryDirectory();
  const path = shellClaude(
    join(directory.path, "claude"),
    `echo '${init}'\n${script}\necho '${resultLine("It is 42.")}'`,
  );
  const here = consulting({ ...given, program: { path } });
  return {
    ...here,
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

function receiptOf(outcome: ConsultOutcome): Receipt {
  const receipt =
    outcome.status === "done" ? outcome.answer.receipt : outcome.fault.receipt;
  if (receipt === undefined) throw new Error("there is no receipt");
  return receipt;
}

test("an answer carries what Claude was allowed and that nothing changed", async () => {
  await using here = acting("true");
  writeFileSync(join(here.cwd, "notes.txt"), "B flat\n");
  const { outcome, spool } = await here.ask();
  expect(outcome.status).toBe("done");
  const receipt = receiptOf(outcome);
  expect(receipt).toMatchObject({
    claude_version: "2.1.329",
    tools: ["Bash", "Read"],
    denials: null,
    layers: {
      switches: "restricted",
      git: "absent",
      tree: "unchanged",
    },
    tree: { change_count: 0, changes: [], before: { entries: 1 } },
    billing: { source: "unknown", is_conflict: false, note: null },
  });
  expect(receipt.tree?.after).toEqual(receipt.tree?.before ?? null);
  expect(receipt.flags).toEqual(spool.readRun()?.arguments ?? []);
  expect(spool.readOutcome()).toEqual(outcome);
  expect(existsSync(spool.treePath)).toBe(false);
});

describe("files that changed without a kernel layer", () => {
  test("are a fault that names them and carries the whole answer", async () => {
    await using here = acting("echo x > made.txt; echo y >> notes.txt");
    writeFileSync(join(here.cwd, "notes.txt"), "B flat\n");
    const { id, outcome, spool } = await here.ask();
    expect(outcome).toMatchObject({
      status: "failed",
      fault: {
        fault: { code: "tree_changed", class: "ambiguous_outcome" },
        retryable: false,
        consult_id: id,
        session_id: "6a7f4baf-c083-4b9f-b75c-15c78d7675a5",
        partial_response: "It is 42.",
      },
      answer: { response: "It is 42.", consult_id: id },
    });
    if (outcome.status !== "failed") throw new Error("it is a fault");
    expect(outcome.fault.fault.detail).toContain(
      '("notes.txt" modified, "made.txt" added)',
    );
    expect(receiptOf(outcome).tree).toMatchObject({
      change_count: 2,
      changes: [
        { path: "notes.txt", change: "modified" },
        { path: "made.txt", change: "added" },
      ],
    });
    expect(spool.readOutcome()).toEqual(outcome);
    // What was paid stays in the ledger, too.
    expect(outcomeFields(outcome, 1)).toMatchObject({
      status: "failed",
      num_turns: 1,
      duration_ms: 1,
    });
  });

  test("are bounded in number", async () => {
    await using here = acting(
      "i=0; while [ $i -lt 80 ]; do : > made$i; i=$((i+1)); done",
    );
    const { outcome } = await here.ask();
    const { tree } = receiptOf(outcome);
    expect([tree?.change_count, tree?.changes.length]).toEqual([80, 50]);
    expect(JSON.stringify(outcome)).toContain("75 more");
  });

  test("are only told where that is wanted", async () => {
    await using here = acting("echo x > made.txt", {
      environment: { PHONE_OPUS_TREE_CHANGED: "report" },
    });
    const { outcome } = await here.ask();
    expect(outcome.status).toBe("done");
    expect(receiptOf(outcome).layers.tree).toBe("changed");
  });

  test("are only told in the user's home, where all programs write", async () => {
    await using here = acting("echo x > made.txt; echo x > ~/.claude.json");
    const { outcome } = await here.ask({ request: { cwd: here.at("home") } });
    expect(outcome.status).toBe("done");
    expect(receiptOf(outcome).tree?.changes).toEqual([
      { path: "made.txt", change: "added" },
    ]);
  });

  test("are told of a run that failed, too, and it stays that failure", async () => {
    await using here = acting("echo x > made.txt; exit 7");
    const { outcome } = await here.ask();
    expect(outcome).toMatchObject({
      status: "failed",
      fault: { fault: { code: "downstream_failure" } },
    });
    expect(receiptOf(outcome).tree?.change_count).toBe(1);
  });

  test("are all of them, when the directory is gone", async () => {
    await using here = acting('rm -r "$PWD"');
    const { outcome } = await here.ask();
    expect(outcome).toMatchObject({
      status: "failed",
      fault: {
        fault: { code: "tree_changed" },
        partial_response: "It is 42.",
        receipt: { tree: { after: null } },
      },
    });
  });
});

/** A run whose runner died after Claude's answer: looked at before, then changed. */
async function leftBehind(
  here: ReturnType<typeof consulting>,
  sandbox?: SandboxRecord,
) {
  const { id, spool } = here.accepted();
  await lookBefore(spool, watchedTree(here.ports, here.cwd));
  spool.recordRun({
    claude_path: "/bin/claude",
    claude_version: "2.1.197",
    arguments: ["-p"],
    started_unix_ms: 1,
    deadline_unix_ms: Math.round(here.ports.clock.unixMs()) + 60_000,
    process: { pid: 2 ** 22, start_time: "1" },
    ...(sandbox === undefined ? {} : { sandbox }),
  });
  writeFileSync(spool.stdoutPath, `${init}\n${resultLine("It is 42.")}\n`);
  writeFileSync(spool.stderrPath, "");
  writeFileSync(join(here.cwd, "made.txt"), "x");
  return { id, spool };
}

describe("files that changed while the kernel held the run", () => {
  const held = { kind: "landlock", detail: "held", is_complete: true } as const;

  test.each([
    held,
    // It lacks something else: writing is held wherever there is this layer.
    { ...held, is_complete: false },
    { ...held, kind: "sandbox-exec" },
  ] as const)(
    "were changed by others: %j vouches for the answer",
    async (sandbox) => {
      await using here = acting("true");
      const { id } = await leftBehind(here, sandbox);
      const outcome = await here.drive(id);
      expect(outcome).toMatchObject({
        status: "done",
        answer: {
          response: "It is 42.",
          receipt: {
            layers: { kernel: sandbox, tree: "changed", switches: "plain" },
            tree: { changes: [{ path: "made.txt", change: "added" }] },
          },
        },
      });
    },
  );

  test.each([
    { ...held, kind: "none" },
    // Linux before 6.2 lets a file be cut short.
    { ...held, is_complete: false, holds_files: false },
  ] as const)("are a fault where it held no files: %j", async (sandbox) => {
    await using here = acting("true");
    const { id } = await leftBehind(here, sandbox);
    expect(await here.drive(id)).toMatchObject({
      status: "failed",
      fault: { fault: { code: "tree_changed" } },
    });
  });
});

describe("a run whose runner died", () => {
  test("is compared with what that runner saw", async () => {
    await using here = acting("true");
    const { id, spool } = await leftBehind(here);
    expect(statSync(spool.treePath).mode & 0o777).toBe(0o600);
    expect(await here.drive(id)).toMatchObject({
      status: "failed",
      fault: { fault: { code: "tree_changed" } },
      answer: { response: "It is 42." },
    });
    expect(existsSync(spool.treePath)).toBe(false);
  });

  test.each([
    ["lost", (path: string) => rmSync(path)],
    ["cut off", (path: string) => truncateSync(path, 20)],
    ["garbage", (path: string) => writeFileSync(path, "garbage")],
  ])(
    "has its answer and no comparison where that look is %s",
    async (_name, damage) => {
      await using here = acting("true");
      const { id, spool } = await leftBehind(here);
      damage(spool.treePath);
      const outcome = await here.drive(id);
      expect(outcome.status).toBe("done");
      expect(receiptOf(outcome)).toMatchObject({
        tree: null,
        layers: { tree: null, git: "unknown" },
      });
    },
  );
});

test.each([
  ["on", undefined, true],
  ["on", false, false],
  ["off", undefined, false],
  ["off", true, true],
])("PHONE_OPUS_WEB=%s and web %p: %p", async (setting, web, has) => {
  await using here = acting("true", {
    environment: { PHONE_OPUS_WEB: setting },
  });
  const request = web === undefined ? {} : { web };
  const { flags } = receiptOf((await here.ask({ request })).outcome);
  const tools = flags[flags.indexOf("--tools") + 1]?.split(",") ?? [];
  expect(tools).toContain("Read");
  expect(tools.includes("WebFetch")).toBe(has);
  expect(tools.includes("WebSearch")).toBe(has);
});

test("two consults in one directory do not accuse each other", async () => {
  await using here = acting("sleep 0.2");
  const outcomes = await Promise.all([here.ask(), here.ask()]);
  expect(outcomes.map(({ outcome }) => outcome.status)).toEqual([
    "done",
    "done",
  ]);
});

test("a repository above the directory is part of what is compared", async () => {
  await using here = acting("echo x > ../.git/hooks/pre-commit");
  const sub = join(here.cwd, "sub");
  for (const path of ["sub", ".git/hooks", ".git/objects", ".git/refs"]) {
    mkdirSync(join(here.cwd, path), { recursive: true });
  }
  writeFileSync(join(here.cwd, ".git/HEAD"), "ref: refs/heads/main\n");
  const { outcome } = await here.ask({ request: { cwd: sub } });
  expect(receiptOf(outcome).tree?.changes).toEqual([
    { path: join(here.cwd, ".git/hooks/pre-commit"), change: "added" },
  ]);
});
