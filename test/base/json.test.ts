// Parsing that answers, and the texts of errors.

import { expect, test } from "bun:test";
import { z } from "zod";
import {
  describeError,
  describeIssue,
  errorCode,
  jsonObjectSchema,
  parseJson,
} from "../../src/base/json.ts";
import { assertNever } from "../../src/base/never.ts";

test("JSON of every kind parses to its value", () => {
  for (const value of [{ a: [1, null] }, [], "text", 0, false, null]) {
    expect(parseJson(JSON.stringify(value))).toEqual({ ok: true, value });
  }
});

test("what is not JSON is an answer with a reason, not a throw", () => {
  for (const text of ["", "{", "undefined", "{'a':1}", "1 2", "\u0000"]) {
    const parsed = parseJson(text);
    expect(parsed.ok ? "parsed" : parsed.reason).toMatch(
      /^JSON Parse error: ./,
    );
  }
});

test("an object is an object, not an array, a text or null", () => {
  const values = [{}, { a: 1 }, [], "x", null, 1];
  expect(
    values.filter((value) => jsonObjectSchema.safeParse(value).success),
  ).toEqual([{}, { a: 1 }]);
});

test("an error is described by its message, anything else by its text", () => {
  expect(describeError(new TypeError("no such thing"))).toBe("no such thing");
  expect(describeError("plain")).toBe("plain");
  expect(describeError(undefined)).toBe("undefined");
});

test("only system errors have a code", () => {
  expect(errorCode(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe(
    "ENOENT",
  );
  expect(errorCode(Object.assign(new Error("x"), { code: 5 }))).toBe(undefined);
  expect(errorCode(new Error("x"))).toBe(undefined);
  expect(errorCode({ code: "ENOENT" })).toBe(undefined);
});

test("an issue is told with the path to it, where there is one", () => {
  const schema = z.strictObject({ list: z.array(z.int("expected a whole")) });
  const complaint = (value: unknown) => {
    const { error } = schema.safeParse(value);
    return error === undefined ? "none" : describeIssue(error);
  };
  expect(complaint({ list: [1, 2.5] })).toBe("list.1: expected a whole");
  expect(complaint({ list: [], extra: 1 })).toBe('Unrecognized key: "extra"');
  expect(describeIssue(new z.ZodError([]))).toBe("invalid value");
});

test("a case that cannot be names itself when it happens all the same", () => {
  const impossible = z.custom<never>().parse({ kind: "surprise" });
  expect(() => assertNever(impossible)).toThrow(
    'unreachable case: {"kind":"surprise"}',
  );
});
