// What the tools accept as arguments, and how they refuse.

import { describe, expect, test } from "bun:test";
import { describeIssue } from "../../src/base/json.ts";
import {
  consultArgumentsSchema,
  consultCallSchema,
  consultQuestionSchema,
} from "../../src/tools/consult.ts";
import {
  cancelArgumentsSchema,
  listArgumentsSchema,
  waitArgumentsSchema,
} from "../../src/tools/custody.ts";
import { snapshotArgumentsSchema } from "../../src/tools/snapshots.ts";

const prompt = "Why?";
const consultId = `c_${"0123456789abcdef".repeat(2)}`;
const sessionId = "0198C0DE-0000-7000-8000-00000000cafe";

const complaint = (value: unknown) => {
  const { error } = consultArgumentsSchema.safeParse(value);
  return error === undefined ? "accepted" : describeIssue(error);
};

test("a prompt is enough, and the presentation has its defaults", () => {
  expect(consultArgumentsSchema.parse({ prompt })).toEqual({
    prompt,
    render: "porcelain",
    detail: "concise",
  });
  expect(snapshotArgumentsSchema.parse({})).toEqual({
    render: "porcelain",
    detail: "concise",
  });
});

test("everything at once is accepted and unchanged", () => {
  const question = {
    prompt: "--help\n\u0000 é",
    cwd: "../there",
    max_turns: 1,
    model: "claude-opus-4-5[1m]",
    effort: "xhigh" as const,
    resume: consultId,
    fork: true,
    timeout_s: 0.5,
    max_budget_usd: 0.01,
  };
  const presentation = { render: "json", detail: "full" } as const;
  expect(consultQuestionSchema.parse(question)).toEqual(question);
  expect(
    consultArgumentsSchema.parse({
      ...question,
      fresh: true,
      wait_s: 0,
      ...presentation,
    }),
  ).toEqual({ ...question, fresh: true, wait_s: 0, ...presentation });
});

const accepted: Readonly<Record<string, readonly unknown[]>> = {
  model: ["opus", "sonnet", "claude-3.5", "eu.anthropic/x:1@2", "O_1-2"],
  effort: ["low", "medium", "high", "xhigh", "max"],
  resume: [consultId, sessionId],
  timeout_s: [0.001, 1800, 86_400],
  max_turns: [1, 100_000],
  max_budget_usd: [0.000001, 1e6],
  fork: [true, false],
  fresh: [true, false],
  wait_s: [0, 0.5, 86_400],
};

const refused: Readonly<Record<string, readonly unknown[]>> = {
  prompt: [undefined, null, 5, ["x"]],
  cwd: ["", 5, null],
  model: ["", "--resume", "-m", "two words", "opus\n", "$(id)", "a;b", 4],
  effort: ["", "LOW", "maximal", 3],
  resume: ["", "last", "--fork", `${consultId}0`, `${sessionId}\n`, "c_1"],
  timeout_s: [0, -1, 86_401, Number.POSITIVE_INFINITY, Number.NaN, "60"],
  max_turns: [0, -1, 1.5, "3", Number.NaN],
  max_budget_usd: [0, -0.1, "1", Number.NaN],
  fork: ["true", 1, null],
  fresh: ["true", 1, null],
  wait_s: [-1, 86_401, "60", null, Number.NaN, Number.POSITIVE_INFINITY],
  render: ["", "xml", "JSON", null],
  detail: ["", "everything", null],
};

describe.each(Object.entries(accepted))("%s", (name, values) => {
  test.each(values.map((value) => [value]))("may be %j", (value) => {
    expect(complaint({ prompt, [name]: value })).toBe("accepted");
  });
});

describe.each(Object.entries(refused))("%s", (name, values) => {
  test.each(values.map((value) => [value]))(
    "may not be %p, and is named",
    (value) => {
      expect(complaint({ prompt, [name]: value })).toStartWith(`${name}: `);
    },
  );
});

test("unknown arguments are refused by name", () => {
  expect(complaint({ prompt, shell: true })).toBe('Unrecognized key: "shell"');
  expect(complaint({ prompt, Cwd: "/", paths: [] })).toBe(
    'Unrecognized keys: "Cwd", "paths"',
  );
  const snapshot = snapshotArgumentsSchema.safeParse({ prompt });
  expect(snapshot.error && describeIssue(snapshot.error)).toBe(
    'Unrecognized key: "prompt"',
  );
});

test("the worker's question takes no presentation", () => {
  const parsed = consultQuestionSchema.safeParse({ prompt, render: "json" });
  expect(parsed.error && describeIssue(parsed.error)).toBe(
    'Unrecognized key: "render"',
  );
});

test("the worker's call takes fresh, but neither waiting nor presentation", () => {
  const call = { prompt, fresh: true };
  expect(consultCallSchema.parse(call)).toEqual(call);
  for (const extra of [{ wait_s: 5 }, { render: "json" }]) {
    expect(consultCallSchema.safeParse({ ...call, ...extra }).success).toBe(
      false,
    );
  }
});

const presented = { render: "porcelain", detail: "concise" } as const;

test("waiting and cancelling need a consult id, listing needs nothing", () => {
  expect<unknown>([
    waitArgumentsSchema.parse({ consult_id: consultId, wait_s: 5 }),
    cancelArgumentsSchema.parse({ consult_id: consultId }),
    listArgumentsSchema.parse({}),
    listArgumentsSchema.parse({ limit: 200, running_only: true }),
  ]).toEqual([
    { consult_id: consultId, wait_s: 5, ...presented },
    { consult_id: consultId, ...presented },
    { limit: 20, running_only: false, ...presented },
    { limit: 200, running_only: true, ...presented },
  ]);
});

const noConsults: readonly (string | undefined)[] = [
  undefined,
  "",
  sessionId,
  `${consultId}0`,
  `${consultId}\n`,
  "c_../../../etc",
  consultId.toUpperCase(),
];

test.each(noConsults.map((id) => [id]))(
  "%p is no consult to wait for or to cancel",
  (id) => {
    for (const schema of [waitArgumentsSchema, cancelArgumentsSchema]) {
      const { error } = schema.safeParse({ consult_id: id });
      expect(error && describeIssue(error)).toStartWith("consult_id: ");
    }
  },
);

test.each([
  [{ limit: 0 }, "limit: "],
  [{ limit: 201 }, "limit: "],
  [{ limit: 1.5 }, "limit: "],
  [{ limit: "5" }, "limit: "],
  [{ running_only: "yes" }, "running_only: "],
  [{ status: "done" }, "Unrecognized key"],
])("%j lists nothing, and why", (value, complaintHead) => {
  const { error } = listArgumentsSchema.safeParse(value);
  expect(error && describeIssue(error)).toStartWith(complaintHead);
});

test("arguments that are no object are refused", () => {
  for (const value of [undefined, null, [], "prompt", 5]) {
    expect(consultArgumentsSchema.safeParse(value).success).toBe(false);
    expect(snapshotArgumentsSchema.safeParse(value).success).toBe(false);
  }
});
