// Fresh consult ids: valid, distinct, and sorted by the time of their making.

import { expect, test } from "bun:test";
import { consultIdSchema } from "../../src/base/ids.ts";
import { newConsultId } from "../../src/sys/ids.ts";

test("consult ids are valid, distinct and sort by time", () => {
  const ids = Array.from({ length: 2000 }, newConsultId);
  for (const id of ids) expect(consultIdSchema.parse(id)).toBe(id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});
