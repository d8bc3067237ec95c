// Bytes of the public session to messages and back: every line is answered or passed
// on, and none can end the session.

import { describe, expect, test } from "bun:test";
import { faultRecordSchema } from "../../src/base/fault.ts";
import { z } from "zod";
import { createSession } from "../../src/host/session.ts";
import { createSessionTransport } from "../../src/host/transport.ts";
import { createFakeClock } from "../helpers/clock.ts";
import { until } from "../helpers/until.ts";
import { memoryOutput } from "./memory-output.ts";

const maxLineBytes = 1000;

function start() {
  const output = memoryOutput();
  const clock = createFakeClock();
  const observed: string[] = [];
  const passed: unknown[] = [];
  const delivered: unknown[] = [];
  const transport = createSessionTransport({
    session: createSession(),
    observer: {
      requested: (operation) => observed.push(`requested ${operation}`),
      answered: ({ operation, startedMs }) =>
        observed.push(`answered ${operation} from ${startedMs}`),
      refused: (operation, { fault }) =>
        observed.push(`refused ${operation} ${fault.code}`),
    },
    output,
    clock,
    maxLineBytes,
    onPressure: (isHigh) => observed.push(isHigh ? "hold" : "release"),
    onDelivered: (id) => delivered.push(id),
  });
  transport.onmessage = (message) => passed.push(message);
  const receive = (text: string | Uint8Array) =>
    transport.receive(Buffer.from(text));
  return { transport, output, clock, observed, passed, delivered, receive };
}

const ping = (id: unknown) => ({ jsonrpc: "2.0", id, method: "ping" });
const line = (message: unknown) => `${JSON.stringify(message)}\n`;

const refusalSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number(), z.null()]),
  error: z.strictObject({
    code: z.int(),
    message: z.string(),
    data: faultRecordSchema.strict(),
  }),
});

describe("a line that is no message", () => {
  test.each([
    ["garbage", "garbage\n", -32700, "not JSON"],
    ["half an object", '{"jsonrpc":"2.0",\n', -32700, "not JSON"],
    ["two objects", "{} {}\n", -32700, "not JSON"],
    ["too long", `"${"x".repeat(2000)}"\n`, -32700, "MAX_LINE_BYTES"],
    ["a non-object", "7\n", -32600, "no JSON-RPC request"],
    ["a batch", "[]\n", -32600, "Batches"],
    ["a string id in a bad message", '{"id":"a"}\n', -32600, "no JSON-RPC"],
  ])("%s is answered, and the next one is read", (_, bad, code, says) => {
    const { receive, output, passed } = start();
    receive(bad);
    receive(line(ping(1)));
    const refusal = refusalSchema.parse(output.messages()[0]);
    expect(refusal.error.code).toBe(code);
    expect(refusal.error.message).toContain(says);
    expect(refusal.error.data.jsonrpc_code).toBe(code);
    expect(refusal.error.data.fault.detail).toBe(refusal.error.message);
    expect(refusal.id).toBe(bad.includes('"a"') ? "a" : null);
    expect(output.lines).toHaveLength(1);
    expect(passed).toEqual([ping(1)]);
  });

  test("bytes that are not UTF-8 are answered with -32700 and id null", () => {
    const { receive, output, passed } = start();
    receive(new Uint8Array([0x22, 0xc3, 0x28, 0x22, 0x0a]));
    receive(line(ping(1)));
    expect(output.messages()).toMatchObject([
      { id: null, error: { code: -32700 } },
    ]);
    expect(JSON.stringify(output.messages())).toContain("not UTF-8");
    expect(passed).toEqual([ping(1)]);
  });

  test("blank lines are ignored", () => {
    const { receive, output, passed } = start();
    receive(`\n\r\n   \n\t\n${line(ping(1))}\n`);
    expect(output.lines).toEqual([]);
    expect(passed).toEqual([ping(1)]);
  });
});

describe("framing", () => {
  test("one byte at a time gives the same messages", () => {
    const { receive, passed } = start();
    const text = `${line(ping("ü€😀"))}\r\n${line(ping("\u2028\u2029"))}`;
    for (const byte of Buffer.from(text)) receive(new Uint8Array([byte]));
    expect(passed).toEqual([ping("ü€😀"), ping("\u2028\u2029")]);
  });

  test("many messages in one read come in their order", () => {
    const { receive, passed } = start();
    const many = Array.from({ length: 100 }, (_, id) => ping(id));
    receive(many.map(line).join(""));
    expect(passed).toEqual(many);
  });

  test("CR LF ends a line as well", () => {
    const { receive, passed } = start();
    receive(`${JSON.stringify(ping(1))}\r\n`);
    expect(passed).toEqual([ping(1)]);
  });

  test("a last line without its end is taken when the input ends", async () => {
    const { receive, passed, transport } = start();
    let closed = 0;
    transport.onclose = () => (closed += 1);
    receive(JSON.stringify(ping(1)));
    expect(passed).toEqual([]);
    transport.end();
    expect(passed).toEqual([ping(1)]);
    await until("it is closed", () => closed > 0);
    expect(closed).toBe(1);
  });

  test("a line of exactly the limit passes, one byte more does not", () => {
    const { receive, passed, output } = start();
    const bare = JSON.stringify(ping("")).length;
    const fits = ping("x".repeat(maxLineBytes - bare));
    receive(line(fits));
    receive(line(ping("x".repeat(maxLineBytes - bare + 1))));
    expect(passed).toEqual([fits]);
    expect(output.lines).toHaveLength(1);
  });
});

describe("telemetry", () => {
  test("is told of requests, their answers and refusals, not of notifications", async () => {
    const { receive, transport, observed, clock } = start();
    clock.advance(5);
    receive(line(ping(1)));
    receive(line({ jsonrpc: "2.0", method: "notifications/initialized" }));
    receive(line({ jsonrpc: "2.0", id: 2, method: "tools/list" }));
    receive("garbage\n");
    clock.advance(5);
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    expect(observed).toEqual([
      "requested ping",
      "requested tools/list",
      "refused tools/list not_initialized",
      "requested jsonrpc.parse",
      "refused jsonrpc.parse invalid_input",
      "answered ping from 5",
    ]);
  });
});

describe("what is sent", () => {
  test("goes out as one line each, whatever it holds", async () => {
    const { transport, output } = start();
    const notification = {
      jsonrpc: "2.0" as const,
      method: "notifications/message",
      params: { data: "a\nb\r\n\u2028c" },
    };
    await transport.send(notification);
    expect(output.lines.join("")).not.toMatch(/[\n\r]/);
    expect(output.messages()).toEqual([notification]);
  });
});

test("an answer is delivered once it is written; refusals and progress are not", async () => {
  const { transport, receive, delivered } = start();
  receive(line(ping(0)) + line(ping("a")) + "garbage\n");
  const method = "notifications/progress";
  await transport.send({ jsonrpc: "2.0", method });
  expect(delivered).toEqual([]);
  await transport.send({ jsonrpc: "2.0", id: "a", result: {} });
  await transport.send({ jsonrpc: "2.0", id: "a", result: {} });
  await transport.send({ jsonrpc: "2.0", id: 0, result: {} });
  expect(delivered).toEqual(["a", 0]);
});
