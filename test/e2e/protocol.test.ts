// The compiled host line by line: the handshake in its revisions, and what is answered
// to lines and requests that are out of order.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { createSandbox } from "../process/sandbox.ts";
import { startHost, textOf } from "./host.ts";

const modernMeta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

describe("initialize", () => {
  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])(
    "of revision %s is answered with that revision",
    async (revision) => {
      await using sandbox = await createSandbox();
      await using host = startHost(sandbox, sandbox.environment("answers"));
      const { result } = await host.initialize(revision);
      expect(result).toMatchObject({
        protocolVersion: revision,
        capabilities: { tools: {}, resources: {} },
        serverInfo: { name: "phone-opus" },
      });
      await host.request(1, "tools/list");
      expect((await host.answer(1)).result).toMatchObject({
        tools: [{ name: "consult" }, {}, {}, {}, {}, {}],
      });
    },
  );

  test("of a revision that nobody knows is answered with one that exists", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    const { result } = await host.initialize("1999-01-01");
    expect(result).toMatchObject({ protocolVersion: "2025-11-25" });
  });

  test("is answered though no state can be written, and a consult says so", async () => {
    await using sandbox = await createSandbox();
    await Bun.write(sandbox.state, "a file where the directory should be");
    await using host = startHost(sandbox, sandbox.environment("answers"));
    expect((await host.initialize()).result).toBeDefined();
    await host.call(1, "health_snapshot", {});
    expect(textOf((await host.answer(1)).result)).toContain("ready");
    await host.call(2, "consult", { prompt: "Why?" });
    const { result } = await host.answer(2);
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { fault: { code: "process_failure" } },
    });
    expect(textOf(result)).toContain(sandbox.state);
    expect(await sandbox.starts()).toEqual([]);
    expect(host.piped.stderr()).toContain("telemetry is not recorded");
  });

  test("is answered after any amount of garbage", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.piped.write("garbage\n\n[]\n7\n{}\n");
    await host.piped.write(new Uint8Array([0xff, 0xfe, 0x0a]));
    expect((await host.initialize()).result).toBeDefined();
    expect(host.answers().map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32700],
      [null, -32600],
      [null, -32600],
      [null, -32600],
      [null, -32700],
      ["initialize", undefined],
    ]);
  });
});

describe("before initialize", () => {
  test("ping is answered, and other requests are told what to send first", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.request(1, "ping");
    expect((await host.answer(1)).result).toEqual({});
    await host.request(2, "tools/list");
    await host.call(3, "consult", { prompt: "Why?" });
    for (const id of [2, 3]) {
      const { error } = await host.answer(id);
      expect(error).toMatchObject({
        code: -32002,
        data: {
          fault: { code: "not_initialized", class: "protocol" },
          jsonrpc_code: -32002,
          stage: "host",
        },
      });
      expect(error?.message).toContain("send initialize");
    }
    expect((await host.initialize()).result).toBeDefined();
    await host.request(2, "tools/list");
    await host.request("last", "ping");
    await host.answer("last");
    expect(host.answers().filter(({ id }) => id === 2)).toHaveLength(2);
    expect(await sandbox.starts()).toEqual([]);
  });

  test("a connection of the newest revision needs none", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.request(1, "server/discover", { _meta: modernMeta });
    expect((await host.answer(1)).result).toMatchObject({
      supportedVersions: ["2026-07-28"],
    });
    await host.request(2, "tools/call", {
      name: "consult",
      arguments: { prompt: "Why?" },
      _meta: modernMeta,
    });
    const { result } = await host.answer(2);
    expect(textOf(result)).toEndWith("The answer is 42.");
    await host.request(3, "tools/list");
    expect((await host.answer(3)).error?.code).toBe(-32002);
  });
});

describe("a request", () => {
  test("of an unknown method is answered with -32601 and the record", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.initialize();
    await host.request(1, "prompts/list");
    await host.request(2, "no/such/method", { a: 1 });
    for (const [id, method] of [
      [1, "prompts/list"],
      [2, "no/such/method"],
    ] as const) {
      const { error } = await host.answer(id);
      expect(error).toMatchObject({
        code: -32601,
        data: {
          fault: { code: "invalid_input", detail: error?.message },
          operation: method,
          jsonrpc_code: -32601,
          stage: "protocol",
        },
      });
      expect(error?.message).toContain(method);
    }
  });

  test("with an id in flight is refused, and the first is answered once", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "500" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    await host.request(1, "ping");
    const refusal = await host.answer(1);
    expect(refusal.error?.code).toBe(-32600);
    expect(refusal.error?.message).toContain("already in flight");
    const answers = () => host.answers().filter(({ id }) => id === 1);
    await until("the first is answered too", () => answers().length > 1);
    await host.request(2, "ping");
    await host.answer(2);
    expect(answers()).toHaveLength(2);
    expect(textOf(answers()[1]?.result)).toEndWith("The answer is 42.");
  });

  test("with the id 0 or an empty one is answered under it", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.initialize();
    await host.call(0, "health_snapshot", {});
    await host.call("", "health_snapshot", {});
    expect((await host.answer(0)).result).toBeDefined();
    expect((await host.answer("")).result).toBeDefined();
  });

  test("that is malformed is refused by the code of its mistake", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.initialize();
    await host.request(1, "tools/call", { arguments: {} });
    await host.request(2, "tools/call", { name: "consult", arguments: [] });
    await host.request(3, "tools/list", { _meta: 7 });
    await host.piped.send({ jsonrpc: "1.0", id: 4, method: "ping" });
    await host.piped.send({ jsonrpc: "2.0", id: 1.5, method: "ping" });
    await host.piped.send({ jsonrpc: "2.0", id: 6, result: {} });
    await host.request("last", "ping");
    await host.answer("last");
    const codes = host.answers().map(({ id, error }) => [id, error?.code]);
    expect(codes.slice(1, -1)).toEqual([
      [1, -32602],
      [2, -32602],
      [3, -32602],
      [4, -32600],
      [null, -32600],
    ]);
  });
});

test("a line beyond the limit is refused, and the session goes on", async () => {
  await using sandbox = await createSandbox();
  await using host = startHost(
    sandbox,
    sandbox.environment("answers", { PHONE_OPUS_MAX_LINE_BYTES: "100000" }),
  );
  await host.initialize();
  await host.call(1, "consult", { prompt: "x".repeat(1_000_000) });
  await host.request(2, "ping");
  expect((await host.answer(2)).result).toEqual({});
  const refusal = await host.answer(null);
  expect(refusal.error?.code).toBe(-32700);
  expect(refusal.error?.message).toContain("PHONE_OPUS_MAX_LINE_BYTES");
});
