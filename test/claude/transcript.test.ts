// What is learnt from Claude's stream: every recording, bytes split in any way, lines
// that nobody knows, and what counts as text of the answer.

import { describe, expect, test } from "bun:test";
import { createTranscript } from "../../src/claude/transcript.ts";
import {
  RECORDINGS,
  recorded,
  tale,
  transcriptOf,
  transcriptOfEvents,
} from "./recorded.ts";

const init = {
  type: "system",
  subtype: "init",
  session_id: "s-1",
  model: "opus",
};

function says(
  content: unknown,
  message: Record<string, unknown> = {},
  event: Record<string, unknown> = {},
) {
  return {
    type: "assistant",
    message: { id: "m-1", model: "opus", content, ...message },
    ...event,
  };
}

const text = (value: string) => [{ type: "text", text: value }];

describe("a recording", () => {
  test.each(RECORDINGS)("%s has no line that is malformed", (name) => {
    expect(transcriptOf([recorded(name)]).malformedLines()).toBe(0);
  });

  test.each([
    ["auth-401", 0, ""],
    ["budget", 1, "The bell rings at noon."],
    ["interrupted", 1, "The bell"],
    ["interrupted-in-tool", 1, ""],
    ["low-credit-400", 0, ""],
    ["max-tokens-continued", 2, "The bell rings at noon."],
    ["max-turns", 1, ""],
    ["model-404", 0, ""],
    ["not-logged-in", 0, ""],
    ["overloaded-529", 0, ""],
    ["permission-denied", 2, "I may not."],
    ["rate-limit-429", 0, ""],
    ["resume-unknown", 0, ""],
    ["subscription-limit-429", 0, ""],
    ["success-read", 2, "The bell rings at noon."],
  ] as const)("%s has %d turns and the text %j", (name, turns, streamed) => {
    const transcript = transcriptOf([recorded(name)]);
    expect([transcript.progress().turns, transcript.text()]).toEqual([
      turns,
      streamed,
    ]);
  });

  test("names the session of the init event and the model", () => {
    expect(transcriptOf([recorded("success-read")]).progress()).toEqual({
      turns: 2,
      activity: "thinking",
      sessionId: "6a7f4baf-c083-4b9f-b75c-15c78d7675a5",
      model: "claude-opus-5-5",
      textLength: 23,
      apiRetries: 0,
    });
  });

  test("that failed at the start names no session, for none began", () => {
    const transcript = transcriptOf([recorded("resume-unknown")]);
    expect(transcript.result()).toBeDefined();
    expect(transcript.progress().sessionId).toBeUndefined();
  });

  test("of a subscription limit tells when it ends", () => {
    const transcript = transcriptOf([recorded("subscription-limit-429")]);
    expect(transcript.limitResetsAtUnixMs()).toBe(1_795_257_322_000);
    const plain = transcriptOf([recorded("rate-limit-429")]);
    expect(plain.limitResetsAtUnixMs()).toBeUndefined();
  });
});

describe("bytes", () => {
  test.each(RECORDINGS)("of %s tell the same in any split", (name) => {
    const bytes = recorded(name);
    const whole = tale(transcriptOf([bytes]));
    for (const size of [1, 2, 3, 7, 64, 1000, 4096]) {
      expect(tale(transcriptOf(chunks(bytes, size)))).toEqual(whole);
    }
  });

  test("tell the same when cut anywhere in two", () => {
    const stream = [init, says(text("Größe 42 €, 🙂.")), { type: "result" }];
    const bytes = Buffer.from(
      stream.map((e) => JSON.stringify(e)).join("\r\n"),
    );
    const whole = tale(transcriptOf([bytes]));
    expect(whole.text).toBe("Größe 42 €, 🙂.");
    for (let at = 0; at <= bytes.length; at += 1) {
      const halves = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(tale(transcriptOf(halves))).toEqual(whole);
    }
  });
});

describe("a line", () => {
  test("of an unknown type, or a known one with more fields, is no fault", () => {
    const transcript = transcriptOfEvents(
      { type: "from_the_future", payload: [1] },
      { type: "system", subtype: "from_the_future", nested: { a: 1 } },
      { ...init, future: true },
      says([
        { type: "future_block", blob: 1 },
        { type: "text", text: "Hi" },
      ]),
      { type: "control_request" },
    );
    expect(transcript.malformedLines()).toBe(0);
    expect(transcript.text()).toBe("Hi");
  });

  test.each([
    "this is not JSON",
    '{"type":',
    "42",
    '"text"',
    "null",
    '[{"type":"result"}]',
    "{}",
    '{"type":7}',
    '{"type":"assistant"}',
    '{"type":"result","num_turns":"two"}',
  ])("%s is counted as malformed, the next one is read", (line) => {
    const transcript = transcriptOf([
      Buffer.from(`${line}\n${JSON.stringify(init)}\n`),
    ]);
    expect(transcript.malformedLines()).toBe(1);
    expect(transcript.progress().sessionId).toBe("s-1");
  });

  test("of blanks alone is nothing", () => {
    expect(transcriptOf([Buffer.from("\n  \n\r\n\t\n")]).malformedLines()).toBe(
      0,
    );
  });

  test("that is too long or not UTF-8 is malformed", () => {
    const transcript = createTranscript();
    transcript.absorb({ kind: "too_long", bytes: 9 });
    transcript.absorb({ kind: "not_utf8", bytes: 9 });
    expect(transcript.malformedLines()).toBe(2);
  });
});

describe("text of the answer", () => {
  test("is not what Claude makes up to tell of an API error", () => {
    const transcript = transcriptOfEvents(
      init,
      says(text("API Error: 529"), { model: "<synthetic>" }),
    );
    expect([transcript.text(), transcript.progress().turns]).toEqual(["", 0]);
  });

  test("is not what a sub-agent says", () => {
    const transcript = transcriptOfEvents(
      says(text("inner"), {}, { parent_tool_use_id: "toolu_1" }),
      says(text("outer"), {}, { parent_tool_use_id: null }),
    );
    expect(transcript.text()).toBe("outer");
  });

  test("starts anew after a tool's result, not after a remark of Claude's", () => {
    const transcript = transcriptOfEvents(
      says(text("Looking.")),
      { type: "user", message: { content: [{ type: "tool_result" }] } },
      says(text("The answer ")),
      { type: "user", message: { content: text("Output limit hit.") } },
      { type: "user", message: { content: "a bare string" } },
      says(text("is 42.")),
    );
    expect(transcript.text()).toBe("The answer is 42.");
  });
});

describe("progress", () => {
  test("counts a message once, whatever its number of blocks", () => {
    const transcript = transcriptOfEvents(
      says(text("a"), { id: "m-1" }),
      says(text("b"), { id: "m-1" }),
      says(text("c"), { id: "m-2" }),
    );
    expect(transcript.progress().turns).toBe(2);
  });

  test.each([
    ["Read", { file_path: "/far/away/main.ts" }, "Read main.ts"],
    ["Grep", { pattern: "todo" }, "Grep todo"],
    ["WebFetch", { url: "https://a.example/" }, "WebFetch https://a.example/"],
    ["WebSearch", { query: "bun\nspawn" }, "WebSearch bun"],
    ["Grep", { pattern: "x".repeat(61) }, `Grep ${"x".repeat(59)}…`],
    ["Bash", { command: "secret" }, "Bash"],
    ["Bash", "no object", "Bash"],
  ])("tells of %s with %j as %j", (name, input, activity) => {
    const use = says([{ type: "tool_use", name, input }]);
    expect(transcriptOfEvents(use).progress().activity).toBe(activity);
  });

  test("counts retries of the API until something comes of it", () => {
    const retry = { type: "system", subtype: "api_retry" };
    expect(transcriptOfEvents(retry, retry).progress().apiRetries).toBe(2);
    const after = transcriptOfEvents(retry, retry, says(text("Hi")));
    expect(after.progress().apiRetries).toBe(0);
  });
});

function* chunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}
