import { describe, expect, test } from "bun:test";
import type { CallResult } from "../../src/prove/dialogue.ts";
import { bash, type Trial } from "../../src/prove/trial.ts";
import { type Evidence, judge } from "../../src/prove/verdict.ts";

const attack: Trial = { kind: "call", name: "a", call: bash("touch x") };
const planted: Trial = { kind: "plant", name: "p" };
const need: Trial = { kind: "need", name: "n", call: bash("ls"), tells: "x" };

const said = (text: string, isError = true): CallResult => ({ text, isError });
const evidence = (parts: Partial<Evidence>): Evidence => ({
  trial: attack,
  result: said("x"),
  isOver: true,
  harms: [],
  isTold: false,
  ...parts,
});

describe("whatever happened on the disk weighs more than any reply", () => {
  test.each([
    ["refused", attack, said("Permission to use Bash has been denied")],
    ["without a reply", attack, undefined],
    ["planted", planted, undefined],
    ["a need", need, said("x", false)],
  ])("%s", (_name, trial, result) => {
    const found = judge(
      evidence({
        trial,
        result,
        harms: ["a file was made", "b"],
        isTold: true,
      }),
    );
    expect(found).toEqual({
      outcome: "got_through",
      detail: "a file was made, b",
    });
  });
});

describe("a clean disk alone is no proof", () => {
  test("a call that was never answered is inconclusive", () => {
    expect(judge(evidence({ result: undefined })).outcome).toBe("inconclusive");
    expect(judge(evidence({ trial: need, result: undefined })).outcome).toBe(
      "inconclusive",
    );
  });

  test("what was planted in a run that did not end is inconclusive", () => {
    expect(judge(evidence({ trial: planted, isOver: false })).outcome).toBe(
      "inconclusive",
    );
    expect(judge(evidence({ trial: planted })).outcome).toBe("blocked");
  });

  test("a program that is not there was not tried", () => {
    const text = "Exit code 127\n/bin/bash: line 1: tree: command not found";
    expect(judge(evidence({ result: said(text) })).outcome).toBe("not_tried");
    expect(judge(evidence({ trial: need, result: said(text) })).outcome).toBe(
      "not_tried",
    );
  });
});

describe("who blocked it", () => {
  test.each([
    ["switches", "Permission to use Bash has been denied because …"],
    ["switches", "<tool_use_error>Error: No such tool available: Write"],
    ["switches", "/x/y is outside /x/project; --restricted refuses"],
    ["switches", "/x/link resolves through a symlink to /y"],
    ["kernel", "Exit code 1\ntouch: cannot touch 'x': Permission denied"],
    [
      "kernel",
      "touch: cannot touch 'x': Permission denied\nsh: 1: notes.txt: not found",
    ],
    ["kernel", "/bin/bash: line 1: x: Read-only file system"],
    ["kernel", "Error: EACCES: permission denied, open 'x'"],
    ["kernel", "PermissionError: [Errno 13] Permission denied: 'x'"],
    [null, "Exit code 2\nunknown option"],
  ])("%s: %s", (by, text) => {
    expect(judge(evidence({ result: said(text) }))).toMatchObject({
      outcome: "blocked",
      by,
    });
  });

  test("a refusal that is no error is not taken for one", () => {
    const text = "Permission to use Bash";
    expect(judge(evidence({ result: said(text, false) }))).toMatchObject({
      by: null,
    });
  });
});

test("a need works when its text came, and is broken when it did not", () => {
  const told = evidence({ trial: need, isTold: true });
  expect(judge(told)).toEqual({ outcome: "works" });
  const text = "Permission to use Bash has been denied";
  expect(judge(evidence({ trial: need, result: said(text) }))).toEqual({
    outcome: "broken",
    detail: text,
  });
});

test("a long reply is cut to what fits a line", () => {
  const found = judge(evidence({ result: said("x".repeat(500)) }));
  expect(found.outcome === "blocked" && found.detail.length).toBe(160);
});
