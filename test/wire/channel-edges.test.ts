// The edges of the wire: how it begins, how it breaks, and lines that are no messages.

import { expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import { helloProblem } from "../../src/wire/channel.ts";
import { wireProtocol } from "../../src/wire/messages.ts";
import { answer, generation, lost, open, success } from "./opened-channel.ts";

const hello = {
  kind: "hello",
  protocol: wireProtocol,
  version: "0.1.0",
  generation,
  pid: 42,
} as const;

test("an answer without its line feed counts when the wire closes", async () => {
  const channel = open();
  const asked = [channel.ask(1), channel.ask(2)];
  channel.hearText(JSON.stringify(answer(1, "last words")));
  channel.close("The worker is gone.");
  expect(await Promise.all(asked)).toEqual([
    success("last words"),
    lost("The worker is gone."),
  ]);
  expect(channel.complaints).toEqual([]);
});

test("half an answer at the close is a complaint, and its operation fails", async () => {
  const channel = open();
  const asked = channel.ask(1);
  channel.hearText(JSON.stringify(answer(1, "cut")).slice(0, -3));
  channel.close("The worker is gone.");
  expect(await asked).toEqual(lost("The worker is gone."));
  expect(channel.complaints.length).toBe(1);
  expect(channel.complaints[0]).toStartWith("worker line is not JSON: ");
});

test("lines that are no messages are complaints, and the next one counts", async () => {
  const channel = open(200);
  const asked = channel.ask(1);
  channel.hearText("Segmentation fault\n");
  channel.receive(Buffer.from([0xff, 0xfe, 0x0a]));
  channel.hearText(`${"x".repeat(300)}\n`);
  channel.hearText('{"kind":"dance"}\n[1]\n');
  channel.hearText('{"kind":"answer","id":1,"outcome":{"status":"maybe"}}\n');
  channel.hear(answer(1, "still here"));
  expect(await asked).toEqual(success("still here"));
  expect(channel.complaints.map((text) => text.split(": ")[0])).toEqual([
    "worker line is not JSON",
    "worker line of 2 bytes is not UTF-8",
    "worker line of 300 bytes is too long",
    "worker message is invalid",
    "worker message is invalid",
    "worker message is invalid",
  ]);
  expect(channel.complaints[5]).toContain(": outcome.status: ");
});

test("a question that makes too long a line is answered at once, and not sent", async () => {
  const fits = open(1000);
  void fits.ask(1);
  const bytes = Buffer.byteLength(fits.sent.join());
  for (const [limit, sent] of [
    [bytes, 1],
    [bytes - 1, 0],
  ] as const) {
    const channel = open(limit);
    const asked = channel.ask(1);
    expect(channel.sent).toHaveLength(sent);
    if (sent === 1) channel.close("The worker is gone.");
    expect(await asked).toMatchObject({
      status: "fault",
      fault: {
        fault: { code: sent === 1 ? "transport_failure" : "invalid_input" },
      },
    });
  }
});

test("what the worker complains of is passed on", () => {
  const channel = open();
  const fault = faultRecord({
    code: "invalid_input",
    stage: "worker",
    operation: "tools/call:consult",
    detail: "line is not JSON",
  });
  channel.hear({ kind: "complaint", fault });
  expect(channel.complaints).toEqual(["line is not JSON"]);
});

test("hello resolves with the worker's first words", async () => {
  const channel = open();
  channel.hear(hello);
  channel.close("Later.");
  expect(await channel.hello).toEqual(hello);
});

test("hello resolves with nothing when the worker ends before it", async () => {
  const channel = open();
  channel.close("The worker is gone.");
  expect(await channel.hello).toBe(undefined);
});

test("a worker of this protocol can be used, others cannot, and why", () => {
  expect([
    helloProblem(hello),
    helloProblem({ ...hello, protocol: wireProtocol + 1, version: "9.9.9" }),
    helloProblem(undefined),
  ]).toEqual([
    undefined,
    `the worker (9.9.9) speaks wire protocol ${wireProtocol + 1}, this host ${wireProtocol}: restart the client after an update`,
    "the worker ended before it was ready",
  ]);
});
