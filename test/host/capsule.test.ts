// The capsule as bytes: what goes in comes out, and what is not whole is refused.

import { describe, expect, test } from "bun:test";
import { jsonObjectSchema } from "../../src/base/json.ts";
import {
  type Capsule,
  capsuleFormat,
  decodeCapsule,
  encodeCapsule,
} from "../../src/host/capsule.ts";
import { createRandom } from "../helpers/random.ts";
import { sampleCapsule } from "./capsules.ts";

const bytesOf = (capsule: Capsule) => Buffer.concat(encodeCapsule(capsule));
const headerOf = (capsule: Capsule) =>
  jsonObjectSchema.parse(JSON.parse(String(encodeCapsule(capsule)[0])));
const garbled = (header: unknown) =>
  decodeCapsule(Buffer.from(`${JSON.stringify(header)}\n`));

const without = (changes: Partial<Capsule> = {}) =>
  sampleCapsule({ unread: new Uint8Array(), ...changes });

describe("what goes in comes out", () => {
  test("with something in each field", () => {
    const capsule = sampleCapsule();
    const decoded = decodeCapsule(bytesOf(capsule));
    expect(decoded).toEqual({ ok: true, capsule });
  });

  test("with as little as there can be", () => {
    const { telemetry, keeper } = sampleCapsule();
    const capsule = without({
      purpose: "prove",
      fingerprint: null,
      shown_tools: null,
      client_roots: [],
      session: {
        is_initialized: false,
        is_older_era: false,
        opening: [],
        pending: [],
      },
      calls: [],
      followed: [],
      telemetry: { ...telemetry, methods: [], state: "cold" },
      keeper: {
        ...keeper,
        has_spawned: false,
        lifecycle: { kind: "absent", restarts: [], losses: 0 },
        undelivered: [],
      },
      circuit: { kind: "closed", failures: 2 },
      spent_hooks: [],
    });
    const decoded = decodeCapsule(bytesOf(capsule));
    if (!decoded.ok) throw new Error(decoded.problem);
    const { unread, ...rest } = decoded.capsule;
    const { unread: _, ...expected } = capsule;
    expect(rest).toEqual(expected);
    expect(unread.length).toBe(0);
  });

  test("with any bytes unread, line feeds and no UTF-8 among them", () => {
    const random = createRandom();
    for (let round = 0; round < 50; round += 1) {
      const unread = Uint8Array.from({ length: random.below(300) }, () =>
        random.below(4) === 0 ? 0x0a : random.below(256),
      );
      const decoded = decodeCapsule(bytesOf(sampleCapsule({ unread })));
      if (!decoded.ok) throw new Error(`seed ${random.seed}`);
      expect([...decoded.capsule.unread]).toEqual([...unread]);
    }
  });

  test("with text that looks like the end of the header", () => {
    const { session } = sampleCapsule();
    const pending = session.pending.map((request) => ({
      ...request,
      frame: '{"a":"\\n"}\n{"format":2}\n\u2028\u0000',
    }));
    const capsule = sampleCapsule({ session: { ...session, pending } });
    expect(decodeCapsule(bytesOf(capsule))).toEqual({ ok: true, capsule });
  });
});

describe("refused is", () => {
  test("one that is cut short, at whichever byte", () => {
    const bytes = bytesOf(sampleCapsule());
    for (let length = 0; length < bytes.length; length += 1) {
      const decoded = decodeCapsule(bytes.subarray(0, length));
      expect(decoded).toEqual({ ok: false, problem: "it is cut short" });
    }
  });

  test("one with a byte too many", () => {
    const bytes = Buffer.concat([bytesOf(sampleCapsule()), Buffer.from("x")]);
    expect(decodeCapsule(bytes).ok).toBe(false);
  });

  test("one of another format, which is named", () => {
    for (const format of [0, capsuleFormat + 1]) {
      // Nothing else of it need be readable.
      expect(garbled({ format, else: "unknown" })).toEqual({
        ok: false,
        problem: `it has format ${format}, this version reads ${capsuleFormat}`,
      });
    }
  });

  for (const text of ["", "[]", "null", "7", '"x"', "{", "\u0000", "{}"]) {
    test(`a header that is ${JSON.stringify(text)}`, () => {
      expect(decodeCapsule(Buffer.from(`${text}\n`)).ok).toBe(false);
    });
  }

  test("a header in which any one field is missing", () => {
    const header = headerOf(without());
    for (const name of Object.keys(header)) {
      const { [name]: _, ...others } = header;
      expect({ name, ok: garbled(others).ok }).toEqual({ name, ok: false });
    }
  });

  test("a header in which any one field is of another kind", () => {
    const header = headerOf(without());
    for (const name of Object.keys(header)) {
      for (const value of [true, -1.5, "?", [[]], { a: 1 }]) {
        const { ok } = garbled({ ...header, [name]: value });
        // The one text field that takes any text.
        const isFree = name === "version" && value === "?";
        expect({ name, value, ok }).toEqual({ name, value, ok: isFree });
      }
    }
  });

  test("a header with a field that this version does not know", () => {
    expect(garbled({ ...headerOf(without()), more: 1 }).ok).toBe(false);
  });

  const inner: Record<string, Record<string, unknown>> = {
    "a consult's id": { calls: [{ request_id: 5, consult_id: "../../etc" }] },
    "a generation of 0": {
      keeper: { ...sampleCapsule().keeper, generation: 0 },
    },
    "a worker that lives": {
      keeper: {
        ...sampleCapsule().keeper,
        lifecycle: { kind: "ready", restarts: [], losses: 0 },
      },
    },
    "a breaker in the middle of a probe": {
      circuit: { kind: "half_open", reason: "" },
    },
    "a negative count": {
      telemetry: { ...sampleCapsule().telemetry, restarts: -1 },
    },
    "a pending request without its line": {
      session: {
        ...sampleCapsule().session,
        pending: [{ id: 1, operation: "ping", startedMs: 0 }],
      },
    },
  };
  for (const [name, changes] of Object.entries(inner)) {
    test(`one with ${name}`, () => {
      const decoded = garbled({ ...headerOf(without()), ...changes });
      const [field = ""] = Object.keys(changes);
      expect(decoded.ok ? "taken" : decoded.problem).toContain(field);
    });
  }
});
