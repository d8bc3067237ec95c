// What is no request at all, or one that the library would not take: refused here,
// with the code and the id that JSON-RPC asks for.

import { describe, expect, test } from "bun:test";
import { createSession } from "../../src/host/session.ts";
import { initialize, initialized, request, verdict } from "./sessions.ts";

describe("malformed messages", () => {
  test.each([
    ["a batch", [request(1, "ping")], "refuse null -32600"],
    ["an empty batch", [], "refuse null -32600"],
    ["a string", "ping", "refuse null -32600"],
    ["a number", 7, "refuse null -32600"],
    ["null", null, "refuse null -32600"],
    ["true", true, "refuse null -32600"],
    ["an empty object", {}, "refuse null -32600"],
    ["no jsonrpc", { id: 1, method: "ping" }, "refuse 1 -32600"],
    [
      "another jsonrpc",
      { jsonrpc: "1.0", id: 1, method: "ping" },
      "refuse 1 -32600",
    ],
    ["no method", { jsonrpc: "2.0", id: 1 }, "refuse 1 -32600"],
    ["an empty method", request(1, ""), "pass "],
    [
      "a method that is no text",
      { ...request(1, ""), method: 7 },
      "refuse 1 -32600",
    ],
    [
      "params that are a list",
      { ...request(1, "ping"), params: [1] },
      "refuse 1 -32600",
    ],
    ["a response", { jsonrpc: "2.0", id: 1, result: {} }, "ignore"],
    [
      "an error response",
      { jsonrpc: "2.0", id: 1, error: { code: 1, message: "no" } },
      "ignore",
    ],
    ["a response without jsonrpc", { id: null, error: 7 }, "ignore"],
  ])("%s", (_, value, expected) => {
    expect(verdict(initialized().admit(value, 0, ""))).toBe(expected);
  });

  test("a refusal says what is wrong and what to send", () => {
    const batch = initialized().admit([], 0, "");
    expect(batch).toMatchObject({
      fault: { fault: { code: "invalid_input" }, stage: "protocol" },
    });
    expect(JSON.stringify(batch)).toContain("Batches are not supported");
    expect(JSON.stringify(initialized().admit({}, 0, ""))).toContain("jsonrpc");
  });

  test.each([
    [undefined],
    [{}],
    [{ name: 7 }],
    [{ name: "consult", arguments: [] }],
    [{ name: "consult", arguments: "why" }],
    [{ name: "consult", arguments: null }],
  ])("tools/call with params %j is refused with -32602", (params) => {
    const session = initialized();
    expect(
      verdict(session.admit(request(1, "tools/call", params), 0, "")),
    ).toBe("refuse 1 -32602");
    expect(verdict(session.admit(request(1, "ping"), 0, ""))).toBe("pass ping");
  });

  test("an opening line that the library would not take is not kept for it", () => {
    const session = createSession();
    session.admit(initialize, 0, "the first line");
    const method = "notifications/initialized";
    const odd = { jsonrpc: "2.0", method, params: { _meta: 7 } };
    expect(verdict(session.admit(odd, 0, "the odd line"))).toBe("ignore");
    session.admit({ jsonrpc: "2.0", method }, 0, "the second line");
    const opening = ["the first line", "the second line"];
    expect(session.state().opening).toEqual(opening);
  });

  test("a _meta that is no object is refused with -32602", () => {
    const params = { _meta: 7 };
    expect(
      verdict(initialized().admit(request(1, "tools/list", params), 0, "")),
    ).toBe("refuse 1 -32602");
  });
});

describe("an initialize that no server can accept", () => {
  const complete = initialize.params;
  test.each([
    ["without params", undefined],
    ["without a version", { ...complete, protocolVersion: undefined }],
    ["with a version that is no text", { ...complete, protocolVersion: 7 }],
    ["without capabilities", { ...complete, capabilities: undefined }],
    ["without a client", { ...complete, clientInfo: undefined }],
  ])("%s is refused with -32602 and initialises nothing", (_, params) => {
    const session = createSession();
    expect(verdict(session.admit({ ...initialize, params }, 0, ""))).toBe(
      'refuse "init" -32602',
    );
    expect(verdict(session.admit(request(1, "tools/list"), 0, ""))).toBe(
      "refuse 1 -32002",
    );
    expect(verdict(session.admit(initialize, 0, ""))).toBe("pass initialize");
  });
});
