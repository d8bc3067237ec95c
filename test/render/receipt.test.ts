// How a receipt reads: one line for each fact, whatever is in its names.

import { describe, expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import type { Receipt } from "../../src/base/receipt.ts";
import { answerText } from "../../src/render/porcelain.ts";
import { projectAnswer } from "../../src/render/projection.ts";
import { deniedLines, receiptLines } from "../../src/render/receipt.ts";
import { faultResult } from "../../src/render/tool-result.ts";
import { consultAnswerSchema } from "../../src/tools/answer.ts";
import { fullAnswer } from "./samples.ts";

const note = "an API key from the environment (ANTHROPIC_API_KEY), not yours";
const receipt: Receipt = {
  claude_version: "2.1.329",
  flags: ["-p", "--setting-sources", ""],
  tools: ["Bash", "Read"],
  denials: ['Write {"file_path":"/x"}'],
  layers: {
    switches: "restricted",
    git: "guarded",
    kernel: { kind: "landlock", detail: "files held", is_complete: true },
    tree: "changed",
  },
  tree: {
    before: { digest: "a".repeat(64), entries: 12, is_complete: true },
    after: { digest: "b".repeat(64), entries: 13, is_complete: false },
    change_count: 3,
    changes: [
      { path: "src/a.ts", change: "modified" },
      { path: "x\nresponse:", change: "added" },
    ],
  },
  billing: { source: "ANTHROPIC_API_KEY", is_conflict: true, note },
};
const answer = { ...fullAnswer, receipt };

test("a receipt is told line by line, and its names stay on theirs", () => {
  expect(receiptLines(receipt)).toEqual([
    "claude_version: 2.1.329",
    'flags: ["-p","--setting-sources",""]',
    "tools: Bash Read",
    "layer_switches: restricted",
    "layer_git: guarded",
    "layer_kernel: landlock, files held",
    "layer_tree: changed",
    "tree_before: aaaaaaaaaaaaaaaa of 12 entries",
    "tree_after: bbbbbbbbbbbbbbbb of 13 entries, not all",
    "tree_modified: src/a.ts",
    'tree_added: "x\\nresponse:"',
    "tree_more: 1",
    `billing: ${note}`,
  ]);
});

test("denials have lines of their own for faults, which list none", () => {
  const denials = ['Write {"file_path":"/x"}', "Bash\nresponse:"];
  expect(deniedLines({ ...receipt, denials })).toEqual([
    'denied: Write {"file_path":"/x"}',
    'denied: "Bash\\nresponse:"',
  ]);
  expect(deniedLines({ ...receipt, denials: null })).toEqual([]);
});

test("what is not known is told as that", () => {
  const lines = receiptLines({
    ...receipt,
    tools: null,
    layers: { ...receipt.layers, kernel: null, tree: null },
    tree: null,
    billing: { source: "login", is_conflict: false, note: null },
  });
  expect(lines.slice(2)).toEqual([
    "tools: unknown",
    "layer_switches: restricted",
    "layer_git: guarded",
    "layer_kernel: unknown",
    "layer_tree: unknown",
    "billing: login",
  ]);
});

describe("an answer", () => {
  test("in full carries its receipt, as text and as json", () => {
    const text = answerText(answer, "full").split("\n");
    const lines = receiptLines(receipt);
    expect(text.filter((line) => lines.includes(line))).toEqual(lines);
    expect(text.indexOf("response:")).toBeGreaterThan(
      text.indexOf("layer_git: guarded"),
    );
    expect(projectAnswer(answer, "full")).toMatchObject({ receipt });
  });

  test("in short tells only who pays, where that is not as expected", () => {
    const short = answerText(answer, "concise");
    expect(short).toContain(`\nbilling: ${note}\nresponse:`);
    expect(short).not.toContain("layer_");
    expect(projectAnswer(answer, "concise")).toMatchObject({ billing: note });
    const billing = { source: "login", is_conflict: false, note: null };
    const usual = { ...answer, receipt: { ...receipt, billing } };
    expect(answerText(usual, "concise")).not.toContain("billing");
    expect(projectAnswer(usual, "concise")).not.toHaveProperty("billing");
  });

  test("of an older version, without a receipt, still reads", () => {
    const { receipt: _, ...older } = answer;
    expect(consultAnswerSchema.parse(older)).toEqual(fullAnswer);
    expect(answerText(older, "full")).not.toContain("layer_");
  });
});

test("an answer whose files changed is shown whole beside the fault", () => {
  const fault = {
    ...faultRecord({
      code: "tree_changed",
      stage: "claude",
      operation: "tools/call:consult",
      detail: "Files changed.",
    }),
    partial_response: "It is 42.",
    receipt,
  };
  const result = faultResult(fault);
  expect(result.isError).toBe(true);
  expect(result.content.map(({ text }) => text)).toEqual([
    "Files changed.",
    "The answer:\nIt is 42.",
  ]);
  expect(result.structuredContent).toMatchObject({ receipt });
});
