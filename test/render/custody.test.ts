// How consults read that are not answered yet, or stand in a list.

import { expect, test } from "bun:test";
import {
  listText,
  projectRunning,
  runningText,
} from "../../src/render/custody.ts";
import { answerText } from "../../src/render/porcelain.ts";
import { projectAnswer } from "../../src/render/projection.ts";
import {
  type ListedConsult,
  listedConsultSchema,
} from "../../src/tools/custody.ts";
import { bareAnswer, consultId, fullAnswer } from "./samples.ts";

const running = {
  consult_id: consultId,
  elapsed_ms: 61_234,
  progress: "turn 2: Read main.ts",
};

test("what still runs says how long, what it does, and how to go on", () => {
  expect(runningText(running)).toBe(
    `consult running id=${consultId} elapsed=61.234s
progress: turn 2: Read main.ts
next: call consult_wait with consult_id ${consultId}; the consult goes on meanwhile, and consult_cancel ends it`,
  );
  expect(projectRunning(running)).toEqual({
    status: "running",
    consult_id: consultId,
    elapsed_ms: 61_234,
    progress: "turn 2: Read main.ts",
    next: "consult_wait",
  });
});

test("a file's name cannot end the line of the progress", () => {
  const progress = "turn 2: Read a\nnext: give up";
  const text = runningText({ ...running, progress });
  expect(text.split("\n").length).toBe(3);
});

const listed: ListedConsult = {
  consult_id: consultId,
  status: "done",
  prompt_head: 'Why does "x" fail?\nSee main.ts',
  cwd: "/home/ann/shop",
  model: "opus",
  started_unix_ms: 1,
  duration_ms: 1500,
  session_id: "s",
  total_cost_usd: 0.25,
  parent_id: null,
};

test("a list has one line for each consult", () => {
  const queued: ListedConsult = {
    ...listed,
    status: "queued",
    duration_ms: null,
    total_cost_usd: null,
    cwd: "/odd\nplace",
  };
  expect(listedConsultSchema.parse(listed)).toEqual(listed);
  expect(listText([listed, queued])).toBe(
    `done ${consultId} 1.500s $0.250000 /home/ann/shop "Why does \\"x\\" fail?\\nSee main.ts"
queued ${consultId} "/odd\\nplace" "Why does \\"x\\" fail?\\nSee main.ts"`,
  );
});

test("an empty list says so", () => {
  expect(listText([])).toBe("no consults");
});

test("an answer that another request began says which one", () => {
  const line = `attached: to ${consultId}, the same request asked before`;
  for (const detail of ["concise", "full"] as const) {
    const text = answerText(bareAnswer, detail, true);
    expect(text.split("\n").slice(-3)).toEqual([line, "response:", ""]);
    expect(answerText(bareAnswer, detail)).toBe(text.replace(`${line}\n`, ""));
  }
});

test("its fields say so as well, and are silent where it is not so", () => {
  for (const detail of ["concise", "full"] as const) {
    expect(projectAnswer(fullAnswer, detail, true)).toEqual({
      ...projectAnswer(fullAnswer, detail),
      attached: true,
    });
    expect(Object.keys(projectAnswer(fullAnswer, detail))).not.toContain(
      "attached",
    );
  }
});

test("a long value is never cut within a character", () => {
  // Half a character is no Unicode: strict readers of JSON refuse the whole line.
  for (const indent of ["", "x"]) {
    const prompt = `${indent}${"🦉".repeat(1000)}`;
    const text = answerText({ ...fullAnswer, prompt }, "full");
    expect(text.isWellFormed()).toBe(true);
  }
});
