// What the soak's callers do, one after another: each call checks what it gets back,
// and enters in the books what must have become of its question in the end.

import { expect } from "bun:test";
import { type FaultCode, faultRecordSchema } from "../../src/base/fault.ts";
import { consultIdSchema } from "../../src/base/ids.ts";
import type { Answer, ChaosSession } from "./session.ts";

/** `ended`: cancelled, unless the answer was quicker. */
export type Fate = "answered" | "failed" | "ended";

export interface Question {
  readonly prompt: string;
  readonly model: string;
  readonly fate: Fate;
  /** Asked twice, and the second may have found the first one answered. */
  mayRunTwice: boolean;
}

export interface Caller {
  readonly session: ChaosSession;
  readonly other: ChaosSession;
  readonly pick: (below: number) => number;
  /** A new question in the books. */
  readonly ask: (model: string, fate: Fate) => Question;
}

type Call = (caller: Caller) => Promise<void>;

const failing = ["exits-7", "crashes-midway", "no-output", "half-a-line"];
const hanging = [
  "stops-on-sigint",
  "ignores-signals",
  "hangs-with-a-grandchild",
  "hangs-silently",
];

const calls = {
  answer: async ({ session, ask }) => {
    const question = ask("echoes-prompt", "answered");
    expectAnswer(question, await session.call("consult", toJson(question)));
  },

  slowAnswer: async ({ session, ask }) => {
    const question = ask("echoes-slowly", "answered");
    expectAnswer(question, await session.call("consult", toJson(question)));
  },

  answerWithRemains: async ({ session, ask }) => {
    const question = ask("leaves-a-grandchild", "answered");
    const answer = await session.call("consult", toJson(question));
    expect(fieldsOf(answer)).toMatchObject({ response: "The answer is 42." });
  },

  failure: async ({ session, ask, pick }) => {
    const question = ask(failing[pick(failing.length)] ?? "", "failed");
    expectFault(await session.call("consult", toJson(question)));
  },

  timeLimit: async ({ session, ask }) => {
    const question = { ...toJson(ask("hangs-silently", "failed")) };
    const arguments_ = { ...question, timeout_s: 0.3 };
    expectFault(await session.call("consult", arguments_), "timeout");
  },

  ticket: async ({ session, other, ask, pick }) => {
    const question = ask("echoes-slowly", "answered");
    const consult_id = await ticketFor(session, question);
    await Bun.sleep(pick(1500));
    const waits = [session, pick(2) === 0 ? other : session].map((each) =>
      each.call("consult_wait", { consult_id, render: "json" }),
    );
    for (const answer of await Promise.all(waits)) {
      expectAnswer(question, answer);
      expect(fieldsOf(answer)).toMatchObject({ consult_id });
    }
  },

  cancellation: async ({ session, ask, pick }) => {
    const question = ask(hanging[pick(hanging.length)] ?? "", "ended");
    const consult_id = await ticketFor(session, question);
    await Bun.sleep(pick(800));
    const answer = await session.call("consult_cancel", { consult_id });
    expectFault(answer, "cancelled");
  },

  notedCancellation: async ({ session, ask, pick }) => {
    const models = ["echoes-slowly", ...hanging];
    const question = ask(models[pick(models.length)] ?? "", "ended");
    const { id } = session.begin("consult", toJson(question));
    await Bun.sleep(pick(800));
    const params = { requestId: id, reason: "the user changed his mind" };
    await session.notify("notifications/cancelled", params);
  },

  impatience: async ({ session, ask, pick }) => {
    const question = ask("echoes-slowly", "answered");
    const first = session.begin("consult", toJson(question));
    await Bun.sleep(pick(800));
    const params = { requestId: first.id, reason: "Request timed out" };
    await session.notify("notifications/cancelled", params);
    await Bun.sleep(pick(1500));
    expectAnswer(question, await session.call("consult", toJson(question)));
    // The answer and the end of patience crossed on their way.
    question.mayRunTwice = first.received() !== undefined;
  },

  sharing: async ({ session, other, ask }) => {
    const question = ask("echoes-slowly", "answered");
    question.mayRunTwice = true;
    const answers = [session, other].map((each) =>
      each.call("consult", toJson(question)),
    );
    for (const answer of await Promise.all(answers)) {
      expectAnswer(question, answer);
    }
  },

  look: async ({ session, pick }) => {
    const names = ["health_snapshot", "telemetry_snapshot", "consult_list"];
    const name = names[pick(names.length)] ?? "";
    const answer = await session.call(name, { render: "json" });
    expect(answer.result?.structuredContent).toBeObject();
    expect(answer.result?.isError).not.toBe(true);
  },
} satisfies Record<string, Call>;

export type CallName = keyof typeof calls;

/** How often each is made, next to the others. */
const shares: Readonly<Record<CallName, number>> = {
  answer: 4,
  slowAnswer: 4,
  answerWithRemains: 1,
  failure: 2,
  timeLimit: 1,
  ticket: 2,
  cancellation: 2,
  notedCancellation: 2,
  impatience: 2,
  sharing: 1,
  look: 8,
};
const wheel = Object.entries(calls).flatMap(([name, call]) =>
  Array.from({ length: shareOf(name) }, () => ({ name, call })),
);

function shareOf(name: string): number {
  return Object.entries(shares).find(([other]) => other === name)?.[1] ?? 0;
}

/** Makes one call, any; resolves with its name when everything about it was checked. */
export async function makeCall(caller: Caller): Promise<string> {
  const drawn = wheel[caller.pick(wheel.length)];
  if (drawn === undefined) throw new Error("there are no calls");
  try {
    await drawn.call(caller);
  } catch (error) {
    throw new Error(`in the call "${drawn.name}"`, { cause: error });
  }
  return drawn.name;
}

function toJson({ prompt, model }: Question) {
  return { prompt, model, render: "json" };
}

async function ticketFor(session: ChaosSession, question: Question) {
  const arguments_ = { ...toJson(question), wait_s: 0 };
  const fields = fieldsOf(await session.call("consult", arguments_));
  return consultIdSchema.parse(fields?.["consult_id"]);
}

function expectAnswer({ prompt }: Question, answer: Answer): void {
  expect(fieldsOf(answer)).toMatchObject({ response: prompt });
}

function expectFault(answer: Answer, code?: FaultCode): void {
  expect(answer.result).toMatchObject({ isError: true });
  const { fault } = faultRecordSchema.parse(fieldsOf(answer));
  if (code !== undefined) expect(fault.code).toBe(code);
}

function fieldsOf({ result }: Answer): Record<string, unknown> | undefined {
  return result?.structuredContent;
}
