// Landlock through libc: this process gives up rights for itself and all that it will
// start. There is no way back, and no need of a privilege.
//
// The kernel restricts the calling thread only. Bun has others, but exec ends them and
// goes on with the one that called it: so restrict, then exec, from the same thread.

import { ptr } from "bun:ffi";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errorCode } from "../base/json.ts";
import { type Libc, openLibc } from "./libc.ts";

/** The same on every architecture. */
const createRulesetCall = 444;
const addRuleCall = 445;
const restrictSelfCall = 446;
const askVersionFlag = 1;
const pathBeneathRule = 1;
const netPortRule = 2;
/** O_PATH is missing from node:fs; it needs no permission on the file itself. */
const openPath = 0o10_000_000;
const noSuchCall = 38;
const notEnabled = 95;

export type LandlockSupport =
  | { readonly ok: true; readonly abi: number }
  | { readonly ok: false; readonly why: string };

export function landlockSupport(): LandlockSupport {
  if (process.platform !== "linux") {
    return { ok: false, why: "Landlock is a part of Linux" };
  }
  const abi = openLibc()?.call(createRulesetCall, 0, 0, askVersionFlag);
  if (abi === undefined) return { ok: false, why: "libc could not be loaded" };
  if (abi > 0) return { ok: true, abi };
  if (abi === -noSuchCall) {
    return { ok: false, why: "this kernel was built without Landlock" };
  }
  if (abi === -notEnabled) {
    return { ok: false, why: "Landlock is not enabled in this kernel" };
  }
  return { ok: false, why: `Landlock is out of reach (error ${-abi})` };
}

export interface LandlockRuleset {
  readonly handled: {
    readonly files: bigint;
    readonly network: bigint;
    readonly scopes: bigint;
  };
  readonly paths: readonly {
    readonly path: string;
    readonly rights: (isDirectory: boolean) => bigint;
  }[];
  readonly ports: readonly number[];
  readonly portRights: bigint;
}

/** Throws where it cannot be held as asked; a path that is gone allows nothing. */
export function restrictSelf(ruleset: LandlockRuleset): void {
  const libc = openLibc();
  if (libc === undefined) throw new Error("libc could not be loaded");
  const { files, network, scopes } = ruleset.handled;
  // A kernel takes a longer structure than it knows as long as the rest is 0.
  const attributes = new BigUint64Array([files, network, scopes]);
  const descriptor = libc.call(
    createRulesetCall,
    ptr(attributes),
    attributes.byteLength,
  );
  check(descriptor, "the ruleset could not be made");
  for (const rule of ruleset.paths) addPath(libc, descriptor, rule);
  for (const port of network === 0n ? [] : ruleset.ports) {
    const attribute = new BigUint64Array([ruleset.portRights, BigInt(port)]);
    check(
      libc.call(addRuleCall, descriptor, netPortRule, ptr(attribute)),
      `port ${port} could not be allowed`,
    );
  }
  libc.dropCapabilities();
  check(libc.forbidNewPrivileges(), "privileges could not be given up");
  check(libc.call(restrictSelfCall, descriptor), "the ruleset was refused");
  closeSync(descriptor);
}

function addPath(
  libc: Libc,
  descriptor: number,
  { path, rights }: LandlockRuleset["paths"][number],
): void {
  const file = openPlace(path);
  if (file === undefined) return;
  try {
    const allowed = rights(fstatSync(file).isDirectory());
    if (allowed === 0n) return;
    const attribute = new DataView(new ArrayBuffer(12));
    attribute.setBigUint64(0, allowed, true);
    attribute.setInt32(8, file, true);
    check(
      libc.call(addRuleCall, descriptor, pathBeneathRule, ptr(attribute)),
      `${path} could not be allowed`,
    );
  } finally {
    closeSync(file);
  }
}

/** The place is gone, or can only be reached by smaller steps than a path takes. */
const unreachable = ["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"];

/** Never through a last symlink: a rule would open what the link points to. */
function openPlace(path: string): number | undefined {
  try {
    return openSync(path, openPath | constants.O_NOFOLLOW);
  } catch (error) {
    if (unreachable.includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

function check(result: number, problem: string): void {
  if (result < 0) throw new Error(`${problem} (error ${-result})`);
}
