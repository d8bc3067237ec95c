// The host's end of the wire, without a process: bytes in, lines out. Whatever the
// worker says or leaves unsaid, each operation is answered exactly once.

import { expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import {
  type Accepted,
  type ToHost,
  toWorkerSchema,
  type WireOutcome,
} from "../../src/wire/messages.ts";
import { answer, consultId, lost, open, success } from "./opened-channel.ts";

test("an operation goes out as one line and its answer comes back", async () => {
  const channel = open();
  const asked = channel.ask(1);
  expect(channel.sent).toEqual([
    `{"kind":"execute","id":1,"operation":"consult","consult_id":"${consultId}","arguments":{"prompt":"Question 1"},"owner":{"pid":4241,"start_time":"81234"}}`,
  ]);
  const line: unknown = JSON.parse(channel.sent[0] ?? "");
  expect(toWorkerSchema.safeParse(line).success).toBe(true);
  channel.hear(answer(1, { response: "Because." }));
  expect(await asked).toEqual(success({ response: "Because." }));
});

test("progress reaches the operation that it is about, until its answer", async () => {
  const channel = open();
  const asked = [channel.ask(1), channel.ask(2)];
  const sign = (id: number, message: string): ToHost => ({
    kind: "progress",
    id,
    progress: { elapsed_ms: 5, message, queue_position: 0 },
  });
  channel.hear(sign(2, "b"));
  channel.hear(sign(1, "a"));
  channel.hear(answer(2, "B"));
  channel.hear(sign(2, "too late"));
  channel.hear(sign(7, "nobody's"));
  channel.hear(answer(1, "A"));
  expect(await Promise.all(asked)).toEqual([success("A"), success("B")]);
  expect(channel.progress).toEqual([
    [2, { elapsed_ms: 5, message: "b", queue_position: 0 }],
    [1, { elapsed_ms: 5, message: "a", queue_position: 0 }],
  ]);
  expect(channel.complaints).toEqual([]);
});

test("acceptance reaches the operation that it is about, until its answer", async () => {
  const channel = open();
  const asked = [channel.ask(1), channel.ask(2)];
  const taken = (id: number, is_attached: boolean): Accepted => ({
    kind: "accepted",
    id,
    consult_id: consultId,
    is_attached,
  });
  channel.hear(taken(2, true));
  channel.hear(taken(1, false));
  channel.hear(answer(2, "B"));
  channel.hear(taken(2, true));
  channel.hear(taken(7, false));
  channel.hear(answer(1, "A"));
  expect(await Promise.all(asked)).toEqual([success("A"), success("B")]);
  expect(channel.accepted).toEqual([
    [2, taken(2, true)],
    [1, taken(1, false)],
  ]);
  expect([channel.progress, channel.complaints]).toEqual([[], []]);
});

test("what needs no answer is told, until the wire closes", () => {
  const channel = open();
  const delivered = {
    kind: "delivered",
    consult_id: consultId,
    owner: { pid: 1, start_time: "2" },
  } as const;
  channel.tell(delivered);
  channel.tell({ kind: "end", reason: "the client closed its end" });
  channel.close("The worker is gone.");
  channel.tell(delivered);
  expect(channel.sent).toEqual([
    `{"kind":"delivered","consult_id":"${consultId}","owner":{"pid":1,"start_time":"2"}}`,
    '{"kind":"end","reason":"the client closed its end"}',
  ]);
  for (const text of channel.sent) {
    const line: unknown = JSON.parse(text);
    expect(toWorkerSchema.safeParse(line).success).toBe(true);
  }
});

test("a hundred in flight are answered in any order, cut anywhere", async () => {
  const channel = open();
  const ids = Array.from({ length: 100 }, (_, index) => index + 1);
  const asked = ids.map((id) => channel.ask(id));
  const text = ids
    .toReversed()
    .map((id) => `${JSON.stringify(answer(id, `né ${id}`))}\n`)
    .join("");
  for (const byte of Buffer.from(text)) channel.receive(Buffer.of(byte));
  expect(await Promise.all(asked)).toEqual(
    ids.map((id) => success(`né ${id}`)),
  );
});

test("a fault from the worker is the answer as it stands", async () => {
  const channel = open();
  const asked = channel.ask(1);
  const outcome: WireOutcome = {
    status: "fault",
    fault: {
      ...faultRecord({
        code: "downstream_failure",
        stage: "claude",
        operation: "tools/call:consult",
        detail: "Not logged in.",
        reason: "not_logged_in",
      }),
      session_id: "s",
      partial_response: "half",
    },
  };
  channel.hear({ kind: "answer", id: 1, outcome });
  expect(await asked).toEqual(outcome);
});

test("the first of two answers counts", async () => {
  const channel = open();
  const asked = channel.ask(1);
  channel.hear(answer(1, "first"));
  channel.hear(answer(1, "second"));
  expect(await asked).toEqual(success("first"));
});

test("cancel asks for what is in flight, and for nothing else", async () => {
  const channel = open();
  channel.cancel(1, "not asked yet");
  const asked = channel.ask(1);
  channel.cancel(2, "unknown");
  channel.cancel(1, "no longer wanted");
  channel.hear(answer(1, "all the same"));
  channel.cancel(1, "answered");
  expect(await asked).toEqual(success("all the same"));
  expect(channel.sent.slice(1)).toEqual([
    '{"kind":"cancel","id":1,"reason":"no longer wanted"}',
  ]);
});

test("close fails all in flight, and all that comes later at once", async () => {
  const channel = open();
  const asked = [channel.ask(1), channel.ask(2)];
  channel.close("The worker is gone.");
  channel.close("Said twice.");
  expect(await Promise.all(asked)).toEqual([
    lost("The worker is gone."),
    lost("The worker is gone."),
  ]);
  expect(await channel.ask(3)).toEqual(lost("The worker is gone."));
  channel.cancel(1, "pointless");
  expect(channel.sent.length).toBe(2);
});
