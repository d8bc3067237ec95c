// Garbage on every stream that we read: the public one, the worker's, and Claude's.
// What is valid in between gets through, each exactly once.

import { expect, test } from "bun:test";
import { createLineDecoder } from "../../src/base/lines.ts";
import { createTranscript } from "../../src/claude/transcript.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { isLong, seed } from "./form.ts";
import { opening, request, residentBytes, startRaw } from "./flood-client.ts";
import { createFuzzer, type Fuzzer } from "./flood-fuzz.ts";
import { makeScene } from "./scene.ts";
import { until } from "./session.ts";

const lines = isLong ? 1_000_000 : 20_000;
const maxLineBytes = 4096;
/** What a host may take at the most, whatever its client does. */
const mostBytes = 200e6;
const patience = isLong ? 1_700_000 : 120_000;

const requests = [
  `{"jsonrpc":"2.0","id":"x","method":"ping"}`,
  `{"jsonrpc":"2.0","id":"x","method":"tools/list","params":{}}`,
  `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"health_snapshot","arguments":{"render":"json"}}}`,
  `{"jsonrpc":"2.0","id":"x","method":"initialize","params":{"protocolVersion":"ü","capabilities":{}}}`,
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}`,
  `{"jsonrpc":"2.0","id":"x","result":{"€":"😀"}}`,
];

/** `count` mutated lines in ragged pieces, and after every so many a valid one. */
async function* mixed(
  fuzzer: Fuzzer,
  count: number,
  every: number,
  valid: (index: number) => string,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < count; done += every) {
    const parts = Array.from({ length: every }, () => fuzzer.line());
    const text = new TextEncoder().encode(valid(done / every));
    const all = Buffer.concat([...parts, text]);
    // Cut anywhere, also inside a character.
    const cut = fuzzer.pick(all.length);
    yield all.subarray(0, cut);
    yield all.subarray(cut);
  }
}

test(
  `garbage on the public transport (seed ${seed})`,
  async () => {
    using scene = makeScene({
      PHONE_OPUS_MAX_LINE_BYTES: String(maxLineBytes),
    });
    const { environment, home } = scene;
    await using host = startRaw(["mcp", "serve"], environment, home);
    const pings = new Map<string, number>();
    host.read(({ id, result }) => {
      if (typeof id !== "string" || !id.startsWith("valid ")) return;
      expect(result).toEqual({});
      pings.set(id, (pings.get(id) ?? 0) + 1);
    });
    await host.send(opening);
    const fuzzer = createFuzzer(seed, requests, maxLineBytes);
    const every = 20;
    const valid = (index: number) => request(`valid ${index}`, "ping");
    for await (const bytes of mixed(fuzzer, lines, every, valid)) {
      await host.send(bytes);
    }
    await until("all pings", () => pings.size === lines / every, patience);
    await host.send(request("valid last", "ping"));
    await until("the last ping", () => pings.has("valid last"), 5000);
    expect([...pings.values()].every((count) => count === 1)).toBe(true);
    expect(host.exitCode()).toBeNull();
    expect(residentBytes(host.pid)).toBeLessThan(mostBytes);
  },
  patience,
);

test(
  `garbage on the worker's pipe (seed ${seed})`,
  async () => {
    using scene = makeScene({
      PHONE_OPUS_MAX_LINE_BYTES: String(maxLineBytes),
    });
    const { environment, home } = scene;
    await using worker = startRaw(
      ["mcp", "worker", "--generation", "1"],
      environment,
      home,
    );
    const answers = new Map<unknown, number>();
    const kinds = new Map<string, number>();
    worker.read(({ id, kind = "none" }) => {
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (kind === "answer") answers.set(id, (answers.get(id) ?? 0) + 1);
    });
    const owner = identifyProcess(process.pid);
    const execute = (id: number) =>
      `${JSON.stringify({
        kind: "execute",
        id: id + 1,
        operation: "attach",
        consult_id: newConsultId(),
        arguments: {},
        owner,
      })}\n${JSON.stringify({ kind: "cancel", id: id + 1, reason: "enough" })}\n`;
    const templates = [
      `{"kind":"cancel","id":1000001,"reason":"ü"}`,
      `{"kind":"delivered","consult_id":"c_00000000000000000000000000000000","owner":{"pid":1,"start_time":"1"}}`,
      `{"kind":"execute","id":1000002,"operation":"attach","consult_id":"x","arguments":{"€":"😀"},"owner":{}}`,
    ];
    const fuzzer = createFuzzer(seed, templates, maxLineBytes);
    for await (const bytes of mixed(fuzzer, lines, 20, execute)) {
      await worker.send(bytes);
    }
    await until("all answers", () => answers.size === lines / 20, patience);
    expect([...answers.values()].every((count) => count === 1)).toBe(true);
    expect(kinds.get("hello")).toBe(1);
    expect(worker.exitCode()).toBeNull();
    expect(residentBytes(worker.pid)).toBeLessThan(mostBytes);
  },
  patience,
);

test(
  `garbage in Claude's stream (seed ${seed})`,
  async () => {
    const events = await Bun.file(
      `${import.meta.dir}/../fake-claude/recorded-2.1.329.jsonl`,
    ).text();
    const templates = events
      .split("\n")
      .filter((line) => line !== "" && !line.includes('"type":"result"'));
    const fuzzer = createFuzzer(seed, templates, maxLineBytes);
    const transcript = createTranscript();
    const decoder = createLineDecoder(maxLineBytes);
    const feed = (bytes: Uint8Array) => {
      for (const frame of decoder.push(bytes)) transcript.absorb(frame);
    };
    const none = () => "\n";
    for await (const bytes of mixed(fuzzer, lines, 20, none)) feed(bytes);
    const result = {
      type: "result",
      subtype: "success",
      is_error: false,
      result: "The answer is 42.",
      session_id: "s",
    };
    feed(new TextEncoder().encode(`${JSON.stringify(result)}\n`));
    expect(transcript.result()?.result).toBe("The answer is 42.");
    expect(transcript.malformedLines()).toBeGreaterThan(lines / 10);
    expect(transcript.progress().turns).toBeGreaterThanOrEqual(0);
  },
  patience,
);
