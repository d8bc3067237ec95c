// What a model learns of the server before it calls anything. Some clients cut the
// instructions after 245 characters.

import { expect, test } from "bun:test";
import { serverInstructions } from "../../src/tools/instructions.ts";
import { toolSpecs } from "../../src/tools/catalog.ts";

test("the first 245 characters say what it is for and when to call it", () => {
  const head = serverInstructions.slice(0, 245);
  const words = head.split(/[^A-Za-z-]+/);
  // The last word may be cut.
  words.pop();
  expect(words).toContainValues([
    "consult",
    "Claude",
    "project",
    "read-only",
    "stuck",
    "second",
    "opinion",
    "review",
  ]);
});

test("the first paragraph is whole within those 245 characters", () => {
  const [first = ""] = serverInstructions.split("\n\n");
  expect(first.length).toBeLessThanOrEqual(245);
  expect(first).toEndWith(".");
});

test("every tool has its mention", () => {
  expect(
    toolSpecs.filter(({ name }) => !serverInstructions.includes(name)),
  ).toEqual([]);
});
