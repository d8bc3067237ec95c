// The scripted model of one scenario: one call a turn, in order, until each has been
// answered. What Claude Code sends back is the evidence that a call was really made.

import { z } from "zod";
import type { RecordedRequest } from "../messages-api/request.ts";
import type { Step } from "../messages-api/script.ts";
import type { Stage } from "./stage.ts";
import type { Call } from "./trial.ts";

export interface CallResult {
  readonly text: string;
  readonly isError: boolean;
}

export interface Dialogue {
  answer(request: RecordedRequest): Step;
  /** Answers a sub-agent, which does what its prompt says. */
  answerAside(request: RecordedRequest): Step;
  /** By the number of the trial. */
  readonly results: ReadonlyMap<number, CallResult>;
  /** Numbers of trials whose planted text was sent. */
  readonly told: ReadonlySet<number>;
  /** True once every call was made, and every trigger was answered. */
  isOver(): boolean;
  /** The trial that was asked for last and has no result. */
  pending(): number | undefined;
  /** Changes with every request. */
  requests(): number;
}

const triggerPrefix = "toolu_trigger_";
const trialPrefix = "toolu_trial_";
/** A call whose result never comes is asked for again, then passed over. */
const maximumAsks = 3;

const blockSchema = z.looseObject({
  type: z.string(),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
  content: z.unknown().optional(),
});

/** Trials in `skipped` are left out. */
export function createDialogue(
  stage: Stage,
  skipped: ReadonlySet<number> = new Set(),
): Dialogue {
  const calls = [
    ...stage.triggers.map((call, index) => ({
      id: `${triggerPrefix}${index}`,
      call,
    })),
    ...stage.trials.flatMap(({ call }, index) =>
      call === undefined || skipped.has(index)
        ? []
        : [{ id: `${trialPrefix}${index}`, call }],
    ),
  ];
  const answered = new Map<string, CallResult>();
  const results = new Map<number, CallResult>();
  const told = new Set<number>();
  const asks = new Map<string, number>();
  let pending: string | undefined;
  let isOver = false;
  let requests = 0;

  const learn = (request: RecordedRequest) => {
    requests += 1;
    const text = JSON.stringify(request.body);
    for (const [index, { trial, betrayal }] of stage.trials.entries()) {
      if (trial.kind !== "plant" || betrayal === undefined) continue;
      if (text.includes(betrayal)) told.add(index);
    }
  };
  return {
    results,
    told,
    isOver: () => isOver,
    requests: () => requests,
    pending: () => numberOf(pending),
    answerAside: (request) => {
      learn(request);
      const text = JSON.stringify(request.body.messages);
      const wish = text.match(/Run: (touch canary-[A-Za-z0-9]+-\d+z)/)?.[1];
      return wish === undefined || text.includes("tool_result")
        ? { kind: "text", text: "Aside." }
        : step("toolu_aside", { name: "Bash", input: { command: wish } });
    },
    answer: (request) => {
      learn(request);
      for (const [id, result] of resultsOf(request)) {
        answered.set(id, result);
        const index = numberOf(id);
        if (index !== undefined) results.set(index, result);
        if (id === pending) pending = undefined;
      }
      const next = calls.find(
        ({ id }) => !answered.has(id) && (asks.get(id) ?? 0) < maximumAsks,
      );
      if (next === undefined) {
        isOver = calls.every(
          ({ id }) => answered.has(id) || !id.startsWith(triggerPrefix),
        );
        return { kind: "text", text: "That is all." };
      }
      asks.set(next.id, (asks.get(next.id) ?? 0) + 1);
      pending = next.id;
      return step(next.id, next.call);
    },
  };
}

function step(id: string, call: Call): Step {
  return { kind: "tool", calls: [{ id, ...call }] };
}

function numberOf(id: string | undefined): number | undefined {
  return id?.startsWith(trialPrefix) === true
    ? Number(id.slice(trialPrefix.length))
    : undefined;
}

function resultsOf(request: RecordedRequest): [string, CallResult][] {
  return request.body.messages.flatMap(({ content }) => {
    const blocks = z.array(blockSchema).safeParse(content);
    if (!blocks.success) return [];
    return blocks.data.flatMap(({ type, tool_use_id, is_error, content }) =>
      type !== "tool_result" || tool_use_id === undefined
        ? []
        : [
            [
              tool_use_id,
              { text: textOf(content), isError: is_error === true },
            ],
          ],
    );
  });
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = z
    .array(z.looseObject({ text: z.string().optional() }))
    .safeParse(content);
  return parts.success
    ? parts.data.map(({ text }) => text ?? "").join("\n")
    : JSON.stringify(content);
}
