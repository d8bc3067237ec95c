// Identifiers: what counts as one, and what does not.

import { expect, test } from "bun:test";
import {
  consultIdFromUuid,
  consultIdSchema,
  firstGeneration,
  generationSchema,
  nextGeneration,
  requestIdSchema,
} from "../../src/base/ids.ts";

const accepts = (
  schema: { safeParse(value: unknown): { success: boolean } },
  values: readonly unknown[],
) => values.filter((value) => schema.safeParse(value).success);

test("generations are whole numbers from 1 and go up by one", () => {
  const values = [1, 2, 4_000_000, 0, -1, 1.5, "1", null, Number.NaN];
  expect(accepts(generationSchema, values)).toEqual([1, 2, 4_000_000]);
  expect(firstGeneration).toBe(generationSchema.parse(1));
  expect(nextGeneration(firstGeneration)).toBe(generationSchema.parse(2));
});

test("a consult id is c_ and 32 lower-case hexadecimal digits", () => {
  const good = `c_${"0123456789abcdef".repeat(2)}`;
  const values = [
    good,
    good.toUpperCase(),
    `${good}0`,
    good.slice(0, -1),
    `${good}\n`,
    ` ${good}`,
    good.slice(2),
    "c_../../../../etc/passwd00000000000",
    "",
    5,
  ];
  expect(accepts(consultIdSchema, values)).toEqual([good]);
});

test("a consult id is its UUID without the hyphens", () => {
  expect(consultIdFromUuid("0198c0de-0000-7000-8000-00000000cafe")).toBe(
    consultIdSchema.parse("c_0198c0de00007000800000000000cafe"),
  );
});

test("what is no UUID makes no consult id", () => {
  expect(() => consultIdFromUuid("nonsense")).toThrow("not a consult id");
});

test("0 and the empty text are request ids, null and fractions are not", () => {
  const values = [0, -1, 7, "", "abc", null, 1.5, true, {}];
  expect(accepts(requestIdSchema, values)).toEqual([0, -1, 7, "", "abc"]);
});
