// Bytes to lines. The property at the end is the one that matters: how the bytes
// were cut on their way must not show.

import { expect, test } from "bun:test";
import { createLineDecoder, type Frame } from "../../src/base/lines.ts";
import { createRandom, type Random } from "../helpers/random.ts";

const plenty = 1 << 20;

function decode(
  chunks: readonly (string | Uint8Array)[],
  maxLineBytes = plenty,
): Frame[] {
  const decoder = createLineDecoder(maxLineBytes);
  const frames = chunks.flatMap((chunk) =>
    decoder.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk),
  );
  return [...frames, ...decoder.end()];
}

const line = (text: string): Frame => ({ kind: "line", text });

test("LF ends a line", () => {
  expect(decode(["a\nb\n"])).toEqual([line("a"), line("b")]);
});

test("a CR before the LF is dropped, any other CR is kept", () => {
  expect(decode(["a\r\nb\rc\r\r\nd\n"])).toEqual([
    line("a"),
    line("b\rc\r"),
    line("d"),
  ]);
});

test("the last line may lack its LF, and its CR is dropped then too", () => {
  expect(decode(["a\nb"])).toEqual([line("a"), line("b")]);
  expect(decode(["a\nb\r"])).toEqual([line("a"), line("b")]);
});

test("no bytes are no line", () => {
  expect(decode([])).toEqual([]);
  expect(decode(["", ""])).toEqual([]);
});

test("blank lines are lines", () => {
  expect(decode(["\n\r\n a \n\n"])).toEqual([
    line(""),
    line(""),
    line(" a "),
    line(""),
  ]);
});

test("a line is given out as soon as its LF is there", () => {
  const decoder = createLineDecoder(plenty);
  expect(decoder.push(Buffer.from("on"))).toEqual([]);
  expect(decoder.push(Buffer.from("e\ntw"))).toEqual([line("one")]);
  expect(decoder.push(Buffer.from("o"))).toEqual([]);
  expect(decoder.push(Buffer.from("\n"))).toEqual([line("two")]);
  expect(decoder.end()).toEqual([]);
});

test("the caller may reuse its buffer after push", () => {
  const decoder = createLineDecoder(plenty);
  const buffer = Buffer.from("keep");
  decoder.push(buffer);
  buffer.fill("x");
  expect(decoder.push(Buffer.from("\n"))).toEqual([line("keep")]);
});

test("a line of exactly the limit is read, one byte more is reported", () => {
  expect(decode(["12345678\n123456789\n"], 8)).toEqual([
    line("12345678"),
    { kind: "too_long", bytes: 9 },
  ]);
});

test("after a line that is too long the next is read as ever", () => {
  const long = "x".repeat(5000);
  for (const chunks of [[`${long}\nok\n`], `${long}\nok\n`.split("")]) {
    expect(decode(chunks, 100)).toEqual([
      { kind: "too_long", bytes: 5000 },
      line("ok"),
    ]);
  }
});

test("a last line that is too long is reported at the end", () => {
  expect(decode(["a\n", "x".repeat(60), "x".repeat(60)], 100)).toEqual([
    line("a"),
    { kind: "too_long", bytes: 120 },
  ]);
});

test("invalid UTF-8 is reported in its place and the next line is read", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
    const bad = Buffer.concat([
      Buffer.from("a\n"),
      Buffer.from(bytes),
      Buffer.from("\nb\n"),
    ]);
    expect(decode([bad])).toEqual([
      line("a"),
      { kind: "not_utf8", bytes: bytes.length },
      line("b"),
    ]);
  }
});

test("half a character at the end of the input is reported", () => {
  expect(decode([Buffer.from("é").subarray(0, 1)])).toEqual([
    { kind: "not_utf8", bytes: 1 },
  ]);
});

test("separators that are legal in JSON texts split nothing", () => {
  const text = "a\u2028b\u2029c\u0085d\u000be\u000cf\u0000g";
  expect(decode([`${text}\n`])).toEqual([line(text)]);
});

test("a character may be cut at every byte", () => {
  const text = "né 漢字 🦉 \u2028 ende";
  const bytes = Buffer.from(`${text}\r\n${text}`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
    expect({ cut, frames: decode(chunks) }).toEqual({
      cut,
      frames: [line(text), line(text)],
    });
  }
  expect(decode([...bytes].map((byte) => Buffer.of(byte)))).toEqual([
    line(text),
    line(text),
  ]);
});

const pieces: readonly Uint8Array[] = [
  ...["\n", "\n", "\r\n", "\r", "a", "{}", "é", "漢", "🦉", "\u2028"].map(
    (text) => Buffer.from(text),
  ),
  Buffer.alloc(30, "x"),
  Buffer.of(0xff),
  Buffer.of(0xe2, 0x82),
];

function randomBytes(random: Random): Buffer {
  const count = random.below(60);
  return Buffer.concat(
    Array.from(
      { length: count },
      () => pieces[random.below(pieces.length)] ?? Buffer.of(),
    ),
  );
}

function randomChunks(random: Random, bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + random.below(9);
    chunks.push(bytes.subarray(start, end));
    start = end;
  }
  return chunks;
}

/** The same by the shortest way: everything at once, split at LF. */
function expected(bytes: Buffer, maxLineBytes: number): Frame[] {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((latin1) => {
    const length = latin1.length;
    if (length > maxLineBytes) return { kind: "too_long", bytes: length };
    const raw = Buffer.from(latin1.replace(/\r$/, ""), "latin1");
    const text = raw.toString("utf8");
    return Buffer.from(text).equals(raw)
      ? line(text)
      : { kind: "not_utf8", bytes: length };
  });
}

test("any cut of the bytes gives the same frames", () => {
  const random = createRandom();
  const { seed } = random;
  for (let round = 0; round < 2000; round += 1) {
    const bytes = randomBytes(random);
    const limit = 40;
    expect({
      seed,
      round,
      frames: decode(randomChunks(random, bytes), limit),
    }).toEqual({ seed, round, frames: expected(bytes, limit) });
  }
});

const restOf = (decoder: ReturnType<typeof createLineDecoder>) => {
  const rest = decoder.rest();
  return rest === undefined ? undefined : Buffer.from(rest).toString("latin1");
};

test("the rest is what no line was made of, byte by byte", () => {
  const decoder = createLineDecoder(plenty);
  expect(restOf(decoder)).toBe("");
  decoder.push(Buffer.from("one\ntw"));
  expect(restOf(decoder)).toBe("tw");
  // Half a character, and a CR whose LF may follow.
  decoder.push(Buffer.from([0xe2, 0x82]));
  decoder.push(Buffer.from("\r"));
  expect(restOf(decoder)).toBe("tw\u00e2\u0082\r");
  decoder.push(Buffer.from("\n"));
  expect(restOf(decoder)).toBe("");
});

test("the rest of a line that is too long is not kept", () => {
  const decoder = createLineDecoder(4);
  decoder.push(Buffer.from("four"));
  expect(restOf(decoder)).toBe("four");
  decoder.push(Buffer.from("x"));
  expect(restOf(decoder)).toBeUndefined();
  decoder.push(Buffer.from("\n"));
  expect(restOf(decoder)).toBe("");
});

test("another decoder goes on with the rest as if nothing had happened", () => {
  const random = createRandom();
  const text = "a\r\n€uro\n\u2028\n\nlast";
  const bytes = Buffer.from(text);
  for (let round = 0; round < 100; round += 1) {
    const cut = random.below(bytes.length + 1);
    const first = createLineDecoder(plenty);
    const frames = first.push(bytes.subarray(0, cut));
    const second = createLineDecoder(plenty);
    frames.push(
      ...second.push(first.rest() ?? new Uint8Array()),
      ...second.push(bytes.subarray(cut)),
      ...second.end(),
    );
    expect({ seed: random.seed, frames }).toEqual({
      seed: random.seed,
      frames: decode([bytes]),
    });
  }
});
