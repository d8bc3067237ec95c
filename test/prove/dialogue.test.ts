import { afterEach, expect, test } from "bun:test";
import type { RecordedRequest } from "../../src/messages-api/request.ts";
import { createDialogue, type Dialogue } from "../../src/prove/dialogue.ts";
import type { Stage } from "../../src/prove/stage.ts";
import { bash } from "../../src/prove/trial.ts";
import { stageOf } from "./staging.ts";

const open: Stage[] = [];
const begin = (
  parts: Parameters<typeof stageOf>[0] = {},
  skipped?: ReadonlySet<number>,
): [Dialogue, Stage] => {
  const stage = stageOf({ triggers: [bash("ls")], ...parts });
  open.push(stage);
  return [createDialogue(stage, skipped), stage];
};
afterEach(() => {
  for (const stage of open.splice(0)) stage.strike();
});

const request = (
  results: Readonly<Record<string, unknown>> = {},
  text = "",
): RecordedRequest => ({
  method: "POST",
  path: "/v1/messages",
  headers: {},
  body: {
    model: "m",
    stream: false,
    tools: [],
    messages: [
      { role: "user", content: text },
      {
        role: "user",
        content: Object.entries(results).map(([id, content]) => ({
          type: "tool_result",
          tool_use_id: id,
          is_error: true,
          content,
        })),
      },
    ],
  },
});

const idOf = (dialogue: Dialogue, ...asked: Parameters<typeof request>) => {
  const step = dialogue.answer(request(...asked));
  return step.kind === "tool" ? step.calls[0]?.id : step.kind;
};

test("triggers come first, then each trial, then the end; one call a turn", () => {
  const [dialogue] = begin();
  expect(idOf(dialogue)).toBe("toolu_trigger_0");
  expect(idOf(dialogue, { toolu_trigger_0: "x" })).toBe("toolu_trial_0");
  expect(dialogue.pending()).toBe(0);
  for (const index of [0, 1, 2]) {
    expect(idOf(dialogue, { [`toolu_trial_${index}`]: "x" })).toBe(
      `toolu_trial_${index + 1}`,
    );
  }
  // A planted trial asks for nothing.
  expect(idOf(dialogue, { toolu_trial_3: "x" })).toBe("toolu_trial_5");
  expect(dialogue.isOver()).toBe(false);
  expect(idOf(dialogue, { toolu_trial_5: "x" })).toBe("text");
  expect(dialogue.isOver()).toBe(true);
  expect(dialogue.pending()).toBeUndefined();
});

test("a request that is sent again gets the same call, and the third time the next", () => {
  const [dialogue] = begin();
  const asked = [0, 1, 2, 3].map(() => idOf(dialogue));
  expect(asked).toEqual([
    "toolu_trigger_0",
    "toolu_trigger_0",
    "toolu_trigger_0",
    "toolu_trial_0",
  ]);
});

test("a trigger that was passed over leaves the run unfinished", () => {
  const [dialogue] = begin({ trials: [{ kind: "plant", name: "p" }] });
  const asked = [0, 1, 2, 3].map(() => idOf(dialogue));
  expect(asked.at(-1)).toBe("text");
  expect(dialogue.isOver()).toBe(false);
});

test("trials that are left out are not asked for", () => {
  const [dialogue] = begin({ triggers: [] }, new Set([0, 1]));
  expect(idOf(dialogue)).toBe("toolu_trial_2");
});

test.each([
  ["a text", "said", "said"],
  [
    "blocks",
    [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
    "a\nb",
  ],
  ["something else", { odd: 1 }, '{"odd":1}'],
])("a result may be %s", (_name, content, text) => {
  const [dialogue] = begin();
  dialogue.answer(request({ toolu_trial_2: content }));
  expect(dialogue.results.get(2)).toEqual({ text, isError: true });
  expect(dialogue.results.size).toBe(1);
});

test("a planted text is noticed wherever it is sent, also on the side", () => {
  for (const way of ["answer", "answerAside"] as const) {
    const [dialogue, stage] = begin();
    dialogue[way](request({}, "nothing"));
    expect([...dialogue.told]).toEqual([]);
    dialogue[way](request({}, `x ${stage.trials[4]?.betrayal} y`));
    expect([...dialogue.told]).toEqual([4]);
  }
});

test("a sub-agent does what it was told, once", () => {
  const [dialogue, stage] = begin();
  const wish = `touch ${stage.trials[0]?.canary}`;
  expect(dialogue.answerAside(request({}, `Run: ${wish}`))).toMatchObject({
    calls: [{ name: "Bash", input: { command: wish } }],
  });
  const after = request({ toolu_aside: "done" }, `Run: ${wish}`);
  expect(dialogue.answerAside(after).kind).toBe("text");
  expect(dialogue.answerAside(request({}, "A title?")).kind).toBe("text");
});
