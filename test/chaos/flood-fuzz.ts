// Lines that no honest end would send: mutations of real ones, garbage, and bytes cut
// where it hurts. The same for the same seed.

import { seededRandom } from "./session.ts";

export interface Fuzzer {
  /** One line with its LF, of any content; its `id`, where it has one, is never valid. */
  line(): Uint8Array;
  pick(below: number): number;
}

export function createFuzzer(
  seed: number,
  templates: readonly string[],
  longBytes: number,
): Fuzzer {
  const random = seededRandom(seed);
  const pick = (below: number) => Math.floor(random() * below);
  const template = () => templates[pick(templates.length)] ?? "{}";
  const bytes = (length: number) =>
    Uint8Array.from({ length }, () => pick(256));
  const encode = (text: string) => new TextEncoder().encode(text);

  const flip = () => {
    const line = encode(template());
    for (let flips = 1 + pick(4); flips > 0; flips -= 1) {
      line[pick(line.length)] = pick(256);
    }
    return line;
  };
  const kinds: readonly (() => Uint8Array)[] = [
    () => bytes(pick(200)),
    flip,
    flip,
    // Cut short, also in the middle of a character.
    () => encode(template()).subarray(0, pick(60)),
    () => encode(`{"a":"äöü€😀`).subarray(0, 6 + pick(16)),
    () => encode(template() + template()),
    () => encode(`[${template()},${template()}]`),
    () => encode(template().replace(/"id":[^,]*/, `"id":${giantId()}`)),
    () => encode("[".repeat(pick(5000))),
    () => encode(`${'{"a":'.repeat(pick(2000))}1`),
    () => encode(`{"jsonrpc":"2.0","id":1e999,"method":"ping"}`),
    () => encode(`{"__proto__":{"id":1},"jsonrpc":"2.0"}`),
    () => encode('\r\r\u2028\u2029\ufeff null 0 -0 1e400 "\\ud800"'),
    () => new Uint8Array(0),
  ];
  const giantId = () =>
    ["9".repeat(400), `"${"i".repeat(pick(500))}"`, "null", "{}", "1.5", "-0"][
      pick(6)
    ];

  return {
    pick,
    line: () => {
      const body =
        pick(500) === 0
          ? new Uint8Array(longBytes + pick(1000)).fill(120)
          : (kinds[pick(kinds.length)]?.() ?? bytes(1));
      // One line each: a LF inside would make two.
      return Uint8Array.from([...body.filter((byte) => byte !== 10), 10]);
    },
  };
}
