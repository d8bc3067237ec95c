// A value or a fault: what every operation returns that its caller must decide on.

import { type FaultParts, type FaultRecord, faultRecord } from "./fault.ts";

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: FaultRecord };

export function success<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function failure<T = never>(parts: FaultParts): Outcome<T> {
  return { ok: false, fault: faultRecord(parts) };
}
