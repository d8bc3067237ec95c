// Foreign names stay on their line, and steer no terminal.

import { expect, test } from "bun:test";
import { inline, oneLine } from "../../src/render/one-line.ts";

test.each(["main.ts", "größe 漢字 🙂", "", '"quoted" \\ back'])(
  "%j is left as it is",
  (name) => {
    expect(oneLine(name)).toBe(name);
  },
);

test.each([
  ["a\nb", '"a\\nb"'],
  ["a\u2028layer_kernel: landlock", '"a\\u2028layer_kernel: landlock"'],
  ["a\u2029b\u0085c", '"a\\u2029b\\u0085c"'],
  ["\u001B[31m\u009b2J\u007f", '"\\u001b[31m\\u009b2J\\u007f"'],
])("%j is told as %s, which says the same", (name, told) => {
  expect(oneLine(name)).toBe(told);
  expect(inline(name)).toBe(told);
  expect(JSON.parse(told)).toBe(name);
});
