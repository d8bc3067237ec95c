// bun's asymmetric matchers are `any`; here they are `unknown`, which the compiler lets
// nobody misuse.

import { expect } from "bun:test";

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

export function anyNumber(): unknown {
  return expect.any(Number);
}

/** What it says is tested where receipts are. */
export function anyReceipt(): unknown {
  const version: unknown = expect.any(String);
  return expect.objectContaining({ claude_version: version });
}
