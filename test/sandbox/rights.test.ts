// Landlock's bits, ABI by ABI: what a kernel does not know must not be asked of it, and
// what it does not hold must be said. The numbers are those of linux/landlock.h.

import { describe, expect, test } from "bun:test";
import { accessSchema } from "../../src/sandbox/policy.ts";
import { gapsOf, handledBy, rightsFor } from "../../src/sandbox/rights.ts";

/** files, network, scopes */
const handled: Readonly<Record<number, readonly [number, number, number]>> = {
  1: [0x1fff, 0, 0],
  2: [0x3fff, 0, 0],
  3: [0x7fff, 0, 0],
  4: [0x7fff, 3, 0],
  5: [0xffff, 3, 0],
  6: [0xffff, 3, 3],
  7: [0xffff, 3, 3],
  // What is newer is not asked for, and not refused either.
  99: [0xffff, 3, 3],
};

test.each(Object.entries(handled))(
  "ABI %s handles what it knows",
  (abi, bits) => {
    const { files, network, scopes } = handledBy(Number(abi));
    expect([files, network, scopes].map(Number)).toEqual([...bits]);
  },
);

const onDirectory = {
  list: 0x8,
  read: 0xd,
  device: 0x8006,
  replace: 0x4006,
  lock: 0x90,
  // All but making devices and commanding them.
  write: 0x77bf,
};
const onFile = {
  list: 0,
  read: 0x5,
  device: 0x8006,
  replace: 0x4006,
  lock: 0,
  write: 0x4007,
};

describe.each(accessSchema.options)("%s", (access) => {
  test("means these rights on the newest kernel", () => {
    expect(Number(rightsFor(access, 7, true))).toBe(onDirectory[access]);
    expect(Number(rightsFor(access, 7, false))).toBe(onFile[access]);
  });

  test("never means more than is handled, which would be an error", () => {
    for (const abi of [1, 2, 3, 4, 5, 6, 7]) {
      const beyond = rightsFor(access, abi, true) & ~handledBy(abi).files;
      expect(beyond).toBe(0n);
    }
  });
});

test("gaps get fewer with each ABI that closes one", () => {
  expect([1, 2, 3, 4, 5, 6, 7].map((abi) => gapsOf(abi).length)).toEqual([
    4, 4, 3, 2, 1, 0, 0,
  ]);
  expect(gapsOf(2)[0]).toBe("files can be cut short");
});
