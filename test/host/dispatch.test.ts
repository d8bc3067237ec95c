// A tool call to its result: what is refused and by which name, what the worker gets,
// and in which representation the answer comes.

import { createInvocations } from "../../src/host/invocations.ts";
import { describe, expect, test } from "bun:test";
import { consultIdFromUuid } from "../../src/base/ids.ts";
import { faultRecord } from "../../src/base/fault.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { createCircuit } from "../../src/host/circuit.ts";
import { defaultBreakerLimits } from "../../src/supervise/breaker.ts";
import { createConsultTools } from "../../src/host/consult-tools.ts";
import { createConsults } from "../../src/host/consults.ts";
import { argumentsOf, createDispatch } from "../../src/host/dispatch.ts";
import { createCounters } from "../../src/telemetry/counters.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { fakeKeeper, workerAnswer } from "./fake-keeper.ts";

type Answer = Parameters<typeof fakeKeeper>[0];

/** A path at which there is nothing. */
const nowhere = "/nowhere/at/all";

function start(answer: Answer = workerAnswer, problem?: string) {
  const clock = createFakeClock();
  const running: string[] = [];
  const keeper = fakeKeeper((call) => {
    running.push(...consults.live().map(({ consultId }) => consultId));
    return answer(call);
  });
  const counters = createCounters(clock);
  const consults = createConsults({
    keeper,
    circuit: createCircuit(defaultBreakerLimits, clock),
    consultsDirectory: nowhere,
    owner: { pid: 7, start_time: "1" },
    clock,
    onRetry: () => {},
    log: () => {},
  });
  const telemetry = counters.snapshot();
  const dispatch = createDispatch({
    consultTools: createConsultTools({
      consults,
      ledger: { path: nowhere, consultsDirectory: nowhere },
      invocations: createInvocations({
        newConsultId: () => consultIdFromUuid(Bun.randomUUIDv7()),
        clock: createFakeClock(),
      }),
      waitMs: () => Infinity,
      onConcluded: () => {},
    }),
    health: () => ({
      ...telemetry,
      version: "1.2.3",
      pid: 7,
      rollout: "stable",
      rollout_reason: null,
      worker_alive: false,
      worker_phase: "absent",
      breaker: "closed",
      oldest_run_ms: 0,
      claude_version: null,
      ledger_bytes: 0,
      sandbox: {
        mode: "auto",
        kind: "landlock",
        detail: "Landlock ABI 7",
        is_missing: false,
      },
      configuration_problem: null,
      launch_path: "/usr/bin/phone-opus",
      launch_path_stable: true,
      running: [],
    }),
    telemetry: () => telemetry,
    rootProblem: (_, cwd) =>
      Promise.resolve(cwd === "/forbidden" ? "cwd is forbidden." : undefined),
    configurationProblem: problem,
  });
  const call = (name: string, args: JsonObject = {}) =>
    dispatch({
      requestId: 1,
      clientName: "test",
      name,
      arguments: args,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  return { call, keeper, consults, running };
}

/** The sentence of a fault result, which is its record's detail as well. */
function complaint(
  result: Awaited<ReturnType<ReturnType<typeof start>["call"]>>,
) {
  expect(result).toMatchObject({
    isError: true,
    structuredContent: {
      fault: { code: "invalid_input", class: "protocol" },
      jsonrpc_code: -32602,
      retryable: false,
      stage: "host",
    },
  });
  const text = result.content.map((each) => each.text).join("\n");
  expect(result.structuredContent).toMatchObject({ fault: { detail: text } });
  return text;
}

describe("a call that is refused", () => {
  test("for an unknown tool names the known ones", async () => {
    const { call } = start();
    expect(complaint(await call("phone"))).toBe(
      'There is no tool "phone": call one of consult, consult_wait, consult_cancel, consult_list, health_snapshot, telemetry_snapshot.',
    );
  });

  test("for an unknown argument names it and those that exist", async () => {
    const { call, keeper } = start();
    expect(complaint(await call("consult", { prompt: "Why?", tone: 1 }))).toBe(
      'consult has no argument "tone": it takes prompt, cwd, files, max_turns, model, effort, resume, fork, timeout_s, max_budget_usd, web, fresh, wait_s, render, detail.',
    );
    expect(complaint(await call("health_snapshot", { a: 1, b: 2 }))).toBe(
      'health_snapshot has no argument "a", "b": it takes render, detail.',
    );
    expect(keeper.calls).toEqual([]);
  });

  test.each([
    ["prompt", {}],
    ["prompt", { prompt: 7 }],
    ["prompt", { prompt: null }],
    ["prompt", { prompt: ["Why?"] }],
    ["cwd", { prompt: "Why?", cwd: 7 }],
    ["cwd", { prompt: "Why?", cwd: "" }],
    ["max_turns", { prompt: "Why?", max_turns: 0 }],
    ["max_turns", { prompt: "Why?", max_turns: 1.5 }],
    ["max_turns", { prompt: "Why?", max_turns: "3" }],
    ["model", { prompt: "Why?", model: "--help" }],
    ["model", { prompt: "Why?", model: "" }],
    ["effort", { prompt: "Why?", effort: "huge" }],
    ["resume", { prompt: "Why?", resume: "--last" }],
    ["fork", { prompt: "Why?", fork: "yes" }],
    ["timeout_s", { prompt: "Why?", timeout_s: 0 }],
    ["timeout_s", { prompt: "Why?", timeout_s: 86_401 }],
    ["max_budget_usd", { prompt: "Why?", max_budget_usd: 0 }],
    ["fresh", { prompt: "Why?", fresh: 1 }],
    ["wait_s", { prompt: "Why?", wait_s: -1 }],
    ["wait_s", { prompt: "Why?", wait_s: 86_401 }],
    ["render", { prompt: "Why?", render: "html" }],
    ["detail", { prompt: "Why?", detail: "some" }],
  ])("for a bad %s (%j) names it", async (name, args) => {
    const { call, keeper, running } = start();
    const text = complaint(await call("consult", args));
    expect(text).toStartWith(`The argument ${name} of consult is invalid: `);
    expect(keeper.calls).toEqual([]);
    expect(running).toEqual([]);
  });

  test("for a directory outside the client's roots comes before all else", async () => {
    const { call, keeper, running } = start();
    const args = { prompt: "Why?", cwd: "/forbidden" };
    expect(complaint(await call("consult", args))).toBe("cwd is forbidden.");
    expect(keeper.calls).toEqual([]);
    expect(running).toEqual([]);
  });

  test("for a bad variable says which, and only consults are refused", async () => {
    const { call } = start(workerAnswer, "PHONE_OPUS_TIMEOUT_S is bad");
    expect(complaint(await call("consult", { prompt: "Why?" }))).toBe(
      "PHONE_OPUS_TIMEOUT_S is bad",
    );
    expect((await call("health_snapshot")).isError).toBe(false);
    expect((await call("telemetry_snapshot")).isError).toBe(false);
  });
});

describe("a consult", () => {
  test("gives the worker the question without its presentation", async () => {
    const { call, keeper, consults, running } = start();
    await call("consult", {
      prompt: "Why?",
      max_turns: 3,
      fresh: true,
      wait_s: 5,
      render: "json",
      detail: "full",
    });
    const id = keeper.calls[0]?.consultId;
    expect(keeper.calls[0]?.arguments).toEqual({
      prompt: "Why?",
      max_turns: 3,
      fresh: true,
    });
    expect<unknown>(running).toEqual([id]);
    expect(consults.live()).toEqual([]);
  });

  test("in porcelain is text alone", async () => {
    const { call } = start();
    expect(await call("consult", { prompt: "Why?" })).toEqual({
      content: [
        {
          type: "text",
          text: [
            "consult ok turns=2 duration=1.234s model=claude-opus stop=end_turn cost=$0.012500",
            "cwd: /project",
            "session: 11111111-2222-4333-8444-555555555555",
            "response:",
            "42",
          ].join("\n"),
        },
      ],
      isError: false,
    });
  });

  test.each(["concise", "full"])(
    "in json is the same %s object twice, structured and as text",
    async (detail) => {
      const { call } = start();
      const args = { prompt: "Why?", render: "json", detail };
      const result = await call("consult", args);
      const text: unknown = JSON.parse(result.content[0]?.text ?? "");
      expect(result.content).toHaveLength(1);
      expect(result.structuredContent).toEqual(argumentsOf(text));
      expect(result.structuredContent).toMatchObject({ response: "42" });
      expect("prompt" in (result.structuredContent ?? {})).toBe(
        detail === "full",
      );
    },
  );

  test("that failed gives the worker's fault unchanged, in either form", async () => {
    const fault = {
      ...faultRecord({
        code: "downstream_failure",
        stage: "claude",
        operation: "tools/call:consult",
        reason: "rate_limit",
        detail: "A usage limit is reached.",
      }),
      session_id: "s-1",
      partial_response: "So far",
    };
    const { call, consults } = start(() => ({ status: "fault", fault }));
    for (const render of ["porcelain", "json"]) {
      expect(await call("consult", { prompt: "Why?", render })).toEqual({
        content: [
          { type: "text", text: "A usage limit is reached. (session s-1)" },
          { type: "text", text: "Written so far:\nSo far" },
        ],
        structuredContent: fault,
        isError: true,
      });
    }
    expect(consults.live()).toEqual([]);
  });

  test("is no longer running when the way to its answer broke", async () => {
    const { call, consults } = start(() => ({ status: "success", result: 7 }));
    await call("consult", { prompt: "Why?" }).catch(() => {});
    expect(consults.live()).toEqual([]);
  });
});

test("arguments that are absent or no object count as none", () => {
  for (const value of [undefined, null, 7, []]) {
    expect(argumentsOf(value)).toEqual({});
  }
  expect(argumentsOf({ prompt: "Why?" })).toEqual({ prompt: "Why?" });
});

test("a variable that cannot be used is named by whatever needs a worker", async () => {
  const problem = 'PHONE_OPUS_TIMEOUT_S is "soon": correct it.';
  const { call, keeper } = start(undefined, problem);
  const consult_id = `c_${"0".repeat(32)}`;
  expect(complaint(await call("consult", { prompt: "Why?" }))).toBe(problem);
  expect(complaint(await call("consult_wait", { consult_id }))).toBe(problem);
  expect(keeper.calls).toEqual([]);
});
