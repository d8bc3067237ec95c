// From what a policy allows to Landlock's bits, as far as a kernel knows them. Numbers
// are those of linux/landlock.h; "since" is the ABI that brought a right. What a kernel
// does not know it cannot hold, and naming it there would be an error. Pure.

import type { Access } from "./policy.ts";

const fileRights = {
  execute: { bit: 0, since: 1 },
  writeFile: { bit: 1, since: 1 },
  readFile: { bit: 2, since: 1 },
  truncate: { bit: 14, since: 3 },
  ioctlDevice: { bit: 15, since: 5 },
} as const;

const directoryRights = {
  readDirectory: { bit: 3, since: 1 },
  removeDirectory: { bit: 4, since: 1 },
  removeFile: { bit: 5, since: 1 },
  makeCharacterDevice: { bit: 6, since: 1 },
  makeDirectory: { bit: 7, since: 1 },
  makeFile: { bit: 8, since: 1 },
  makeSocket: { bit: 9, since: 1 },
  makeFifo: { bit: 10, since: 1 },
  makeBlockDevice: { bit: 11, since: 1 },
  makeSymlink: { bit: 12, since: 1 },
  refer: { bit: 13, since: 2 },
} as const;

const rights = { ...fileRights, ...directoryRights };
type Right = keyof typeof rights;

/** Devices are never made: whoever may make one has the whole disk. */
const granted: Readonly<Record<Access, readonly Right[]>> = {
  list: ["readDirectory"],
  read: ["execute", "readFile", "readDirectory"],
  device: ["readFile", "writeFile", "ioctlDevice"],
  replace: ["readFile", "writeFile", "truncate"],
  lock: ["makeDirectory", "removeDirectory"],
  write: [
    "execute",
    "readFile",
    "readDirectory",
    "writeFile",
    "truncate",
    "removeDirectory",
    "removeFile",
    "makeDirectory",
    "makeFile",
    "makeSocket",
    "makeFifo",
    "makeSymlink",
    "refer",
  ],
};

/** What a ruleset governs on a kernel of this ABI. */
export interface Handled {
  readonly files: bigint;
  readonly network: bigint;
  readonly scopes: bigint;
}

const bindTcp = 1n << 0n;
export const connectTcp = 1n << 1n;
const networkSince = 4;

const abstractUnixSocket = 1n << 0n;
const signal = 1n << 1n;
const scopesSince = 6;

/** Before this one a file can be cut short by whoever may not write into it. */
export const holdsFilesSince: number = rights.truncate.since;

export function handledBy(abi: number): Handled {
  return {
    files: bits(Object.values(rights), abi),
    network: abi >= networkSince ? bindTcp | connectTcp : 0n,
    scopes: abi >= scopesSince ? abstractUnixSocket | signal : 0n,
  };
}

/** 0 where nothing is left of it: a rule without rights is an error to the kernel. */
export function rightsFor(
  access: Access,
  abi: number,
  isDirectory: boolean,
): bigint {
  const named = granted[access].filter(
    (right) => isDirectory || right in fileRights,
  );
  return bits(
    named.map((right) => rights[right]),
    abi,
  );
}

/** In words, what a kernel of this ABI leaves open of what we ask; empty: nothing. */
export function gapsOf(abi: number): string[] {
  return [
    ...(abi < holdsFilesSince ? ["files can be cut short"] : []),
    ...(abi < networkSince ? ["TCP ports are open"] : []),
    ...(abi < rights.ioctlDevice.since ? ["devices take commands"] : []),
    ...(abi < scopesSince ? ["signals reach other processes"] : []),
  ];
}

function bits(
  wanted: readonly { readonly bit: number; readonly since: number }[],
  abi: number,
): bigint {
  return wanted
    .filter(({ since }) => since <= abi)
    .reduce((sum, { bit }) => sum | (1n << BigInt(bit)), 0n);
}
