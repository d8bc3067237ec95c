// What a fresh MCP server is told of a session that began before it, and which of its
// messages the client has had.

import { describe, expect, test } from "bun:test";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { createRestoration } from "../../src/host/restoration.ts";
import type {
  PendingRequest,
  SessionState,
} from "../../src/host/session-state.ts";
import { initialize, request } from "./sessions.ts";

const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
const opening = [initialize, initialized].map((each) => JSON.stringify(each));

function pending(id: number | string, method: string): PendingRequest {
  const frame = JSON.stringify(request(id, method, {}));
  return { id, operation: method, startedMs: 0, frame };
}

function restoring(changes: Partial<SessionState> = {}) {
  const delivered: JSONRPCMessage[] = [];
  const restoration = createRestoration((message) => delivered.push(message));
  let isOpened = false;
  const begun = restoration
    .begin({
      is_initialized: true,
      is_older_era: true,
      opening,
      pending: [],
      ...changes,
    })
    .then(() => (isOpened = true));
  return {
    restoration,
    delivered,
    begun,
    isOpened: async () => {
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      return isOpened;
    },
  };
}

const openingAnswer: JSONRPCMessage = {
  jsonrpc: "2.0",
  id: "phone-opus/restored-initialize",
  result: {},
};
const acknowledged = (id: number | string): JSONRPCMessage => ({
  jsonrpc: "2.0",
  method: "notifications/subscriptions/acknowledged",
  params: { _meta: { "io.modelcontextprotocol/subscriptionId": id } },
});

describe("the opening", () => {
  test("is said again under an id of our own, and its answer kept", async () => {
    const here = restoring();
    expect(here.delivered).toMatchObject([
      { ...initialize, id: "phone-opus/restored-initialize" },
      initialized,
    ]);
    expect(await here.isOpened()).toBe(false);
    expect(here.restoration.swallows(openingAnswer)).toBe(true);
    await here.begun;
  });

  test("that is not answered yet is said as the client said it", async () => {
    const here = restoring({
      opening: opening.slice(0, 1),
      pending: [pending("init", "initialize")],
    });
    expect(here.delivered).toMatchObject([initialize]);
    await here.begun;
    const answer: JSONRPCMessage = { jsonrpc: "2.0", id: "init", result: {} };
    expect(here.restoration.swallows(answer)).toBe(false);
  });

  test("is nothing where the client has not begun, or needs none", async () => {
    const here = restoring({ opening: [], pending: [pending(1, "ping")] });
    await here.begun;
    expect(here.delivered).toMatchObject([{ id: 1, method: "ping" }]);
  });
});

describe("what is owed", () => {
  test("is asked again after the opening, in its order and with its id", () => {
    const here = restoring({
      pending: [pending(7, "ping"), pending("7", "tools/list")],
    });
    expect(here.delivered.slice(2)).toMatchObject([
      { id: 7, method: "ping" },
      { id: "7", method: "tools/list" },
    ]);
  });

  test("reaches the client, and so does all else", () => {
    const here = restoring({ pending: [pending(7, "ping")] });
    for (const message of [
      { jsonrpc: "2.0", id: 7, result: {} },
      { jsonrpc: "2.0", id: 8, error: { code: -32603, message: "" } },
      { jsonrpc: "2.0", method: "notifications/progress", params: {} },
      acknowledged(7),
    ] as const) {
      expect(here.restoration.swallows(message)).toBe(false);
    }
  });
});

describe("a subscription", () => {
  const listening = () =>
    restoring({
      opening: [],
      pending: [
        pending(1, "subscriptions/listen"),
        pending("1", "subscriptions/listen"),
      ],
    });

  test("is acknowledged by the server alone, and that is waited for", async () => {
    const here = listening();
    expect(await here.isOpened()).toBe(false);
    expect(here.restoration.swallows(acknowledged(1))).toBe(true);
    expect(await here.isOpened()).toBe(false);
    expect(here.restoration.swallows(acknowledged("1"))).toBe(true);
    await here.begun;
    expect(here.restoration.swallows(acknowledged(1))).toBe(false);
  });

  test("of the client's next breath is acknowledged to the client", () => {
    const here = listening();
    expect(here.restoration.swallows(acknowledged(2))).toBe(false);
    expect(here.restoration.swallows(acknowledged(1))).toBe(true);
  });

  test("that is refused this time is so told to the client", async () => {
    const here = listening();
    const error = { code: -32603, message: "too many" };
    for (const id of [1, "1"]) {
      const refusal: JSONRPCMessage = { jsonrpc: "2.0", id, error };
      expect(here.restoration.swallows(refusal)).toBe(false);
    }
    await here.begun;
  });
});

test("nothing is kept where nothing was restored", () => {
  const restoration = createRestoration(() => {});
  expect(restoration.swallows(acknowledged(1))).toBe(false);
});

for (const frame of ["", "{", "7", "[]", '{"id":1}']) {
  test(`a line that never was a message is refused: ${frame}`, () => {
    const restoration = createRestoration(() => {});
    const state = { is_initialized: true, is_older_era: true, pending: [] };
    expect(() => restoration.begin({ ...state, opening: [frame] })).toThrow();
  });
}
