// Which requests the session lets pass, and which ids it holds to be in flight.

import { describe, expect, test } from "bun:test";
import { createSession } from "../../src/host/session.ts";
import {
  initialize,
  initialized,
  modernMeta,
  request,
  verdict,
} from "./sessions.ts";

describe("before initialize", () => {
  test.each(["tools/list", "tools/call", "prompts/list", "no/such"])(
    "%s is refused with the record of not_initialized",
    (method) => {
      const admission = createSession().admit(
        request(1, method, { name: "consult" }),
        0,
        "",
      );
      const operation = method === "tools/call" ? "tools/call:consult" : method;
      expect<unknown>(admission).toMatchObject({
        kind: "refuse",
        id: 1,
        operation,
        fault: {
          fault: {
            class: "protocol",
            code: "not_initialized",
            directive: "abort_request",
          },
          stage: "host",
          operation,
          jsonrpc_code: -32002,
          retryable: false,
          retried: false,
        },
      });
      expect(JSON.stringify(admission)).toContain("send initialize");
    },
  );

  test("ping and initialize pass", () => {
    const session = createSession();
    expect(verdict(session.admit(request(1, "ping"), 0, ""))).toBe("pass ping");
    expect(verdict(session.admit(initialize, 0, ""))).toBe("pass initialize");
  });

  test("a request that names its protocol itself passes", () => {
    const session = createSession();
    const modern = request(1, "tools/list", { _meta: modernMeta });
    expect(verdict(session.admit(modern, 0, ""))).toBe("pass tools/list");
    // The next one does not say so, and the session was never initialised.
    expect(verdict(session.admit(request(2, "tools/list"), 0, ""))).toBe(
      "refuse 2 -32002",
    );
  });

  test("a ping without a protocol does not end a session that names its own", () => {
    const modern = (id: number) =>
      request(id, "tools/list", { _meta: modernMeta });
    const session = createSession();
    session.admit(modern(1), 0, "");
    for (const each of [session, createSession(session.state())]) {
      expect(verdict(each.admit(request(2, "ping"), 0, ""))).toBe(
        "refuse 2 -32002",
      );
      expect(verdict(each.admit(modern(3), 0, ""))).toBe("pass tools/list");
    }
  });

  test("after a mere discovery a ping settles for the older revisions", () => {
    const session = createSession();
    const meta = { _meta: modernMeta };
    session.admit(request(1, "server/discover", meta), 0, "");
    expect(verdict(session.admit(request(2, "ping"), 0, ""))).toBe("pass ping");
    expect(verdict(session.admit(request(3, "tools/list", meta), 0, ""))).toBe(
      "refuse 3 -32002",
    );
  });

  test("a refused request leaves its id free", () => {
    const session = createSession();
    session.admit(request(1, "tools/list"), 0, "");
    expect(verdict(session.admit({ ...initialize, id: 1 }, 0, ""))).toBe(
      "pass initialize",
    );
  });

  test("notifications pass, as there is no answer to refuse them with", () => {
    const note = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect(verdict(createSession().admit(note, 0, ""))).toBe(
      "pass notification",
    );
  });
});

describe("request ids", () => {
  test("an id in flight is refused until it is answered", () => {
    const session = initialized();
    const call = request(7, "tools/call", { name: "consult" });
    expect(verdict(session.admit(call, 5, ""))).toBe("pass tools/call:consult");
    expect(verdict(session.admit(request(7, "ping"), 6, ""))).toBe(
      "refuse 7 -32600",
    );
    expect(session.settle({ jsonrpc: "2.0", id: 7, result: {} })).toEqual({
      id: 7,
      operation: "tools/call:consult",
      startedMs: 5,
      frame: "",
    });
    expect(verdict(session.admit(request(7, "ping"), 7, ""))).toBe("pass ping");
  });

  test("a duplicate leaves the first request in flight", () => {
    const session = initialized();
    session.admit(request(7, "tools/list"), 5, "");
    session.admit(request(7, "ping"), 6, "");
    expect(
      session.settle({ jsonrpc: "2.0", id: 7, result: {} })?.operation,
    ).toBe("tools/list");
  });

  test.each([[0], [""], [-1], ["7"], [Number.MAX_SAFE_INTEGER]])(
    "%j is an id",
    (id) => {
      const session = initialized();
      expect(verdict(session.admit(request(id, "ping"), 0, ""))).toBe(
        "pass ping",
      );
      expect(verdict(session.admit(request(id, "ping"), 0, ""))).toBe(
        `refuse ${JSON.stringify(id)} -32600`,
      );
      expect(session.settle({ jsonrpc: "2.0", id, result: {} })?.id).toBe(id);
    },
  );

  test('7 and "7" are different ids', () => {
    const session = initialized();
    session.admit(request(7, "ping"), 0, "");
    expect(verdict(session.admit(request("7", "ping"), 0, ""))).toBe(
      "pass ping",
    );
  });

  test.each([[null], [1.5], [true], [[1]], [{}]])(
    "%j is no id and is refused without one",
    (id) => {
      const session = initialized();
      expect(verdict(session.admit(request(id, "ping"), 0, ""))).toBe(
        "refuse null -32600",
      );
    },
  );

  test("a cancelled request frees its id and is owed no answer", () => {
    const session = initialized();
    session.admit(request(7, "tools/call", { name: "consult" }), 0, "");
    const cancelled = {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 7, reason: "enough" },
    };
    expect(verdict(session.admit(cancelled, 0, ""))).toBe("pass notification");
    expect(session.settle({ jsonrpc: "2.0", id: 7, result: {} })).toBe(
      undefined,
    );
    expect(verdict(session.admit(request(7, "ping"), 0, ""))).toBe("pass ping");
  });

  test("a cancellation of what is not owed goes no further", () => {
    const session = initialized();
    session.admit(request(7, "ping"), 0, "");
    session.settle({ jsonrpc: "2.0", id: 7, result: {} });
    for (const params of [{ requestId: 7 }, { requestId: "x" }, {}]) {
      const method = "notifications/cancelled";
      const cancelled = { jsonrpc: "2.0", method, params };
      expect(verdict(session.admit(cancelled, 0, ""))).toBe("ignore");
    }
  });

  test("outgoing requests and notifications settle nothing", () => {
    const session = initialized();
    session.admit(request(7, "ping"), 0, "");
    session.settle({ jsonrpc: "2.0", id: 7, method: "ping" });
    session.settle({ jsonrpc: "2.0", method: "notifications/progress" });
    expect(session.settle({ jsonrpc: "2.0", id: 7, result: {} })?.id).toBe(7);
  });
});

describe("a response", () => {
  const answer = { jsonrpc: "2.0", id: 0, result: { roots: [] } };
  function asking() {
    const session = initialized();
    session.settle({ jsonrpc: "2.0", id: 0, method: "roots/list" });
    return session;
  }

  test.each([
    ["a result", answer],
    [
      "an error",
      { jsonrpc: "2.0", id: 0, error: { code: -32601, message: "no" } },
    ],
  ])("to what we asked is passed on once: %s", (_, response) => {
    const session = asking();
    expect(verdict(session.admit(response, 0, ""))).toBe("pass notification");
    expect(verdict(session.admit(response, 0, ""))).toBe("ignore");
  });

  test("to what we did not ask is ignored, and one we asked still passes", () => {
    const session = asking();
    for (const id of [1, "0", null]) {
      expect(verdict(session.admit({ ...answer, id }, 0, ""))).toBe("ignore");
    }
    expect(verdict(session.admit(answer, 0, ""))).toBe("pass notification");
  });

  test("that is none leaves the question open", () => {
    const session = asking();
    for (const broken of [
      { ...answer, result: 7 },
      { ...answer, error: 7 },
    ]) {
      expect(verdict(session.admit(broken, 0, ""))).toBe("ignore");
    }
    expect(verdict(session.admit({ jsonrpc: "2.0", id: 0 }, 0, ""))).toBe(
      "refuse 0 -32600",
    );
    expect(verdict(session.admit(answer, 0, ""))).toBe("pass notification");
  });

  test("and a request of the client may bear the same id", () => {
    const session = asking();
    expect(verdict(session.admit(request(0, "ping"), 0, ""))).toBe("pass ping");
    expect(session.settle({ jsonrpc: "2.0", id: 0, result: {} })?.id).toBe(0);
    expect(verdict(session.admit(answer, 0, ""))).toBe("pass notification");
  });
});
