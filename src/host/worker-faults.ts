// What a call is told that got no worker.

import { type FaultRecord, faultRecord } from "../base/fault.ts";
import type { Generation } from "../base/ids.ts";
import type { Clock } from "../sys/clock.ts";

const operation = "worker.start";

export function ejectedFault(
  clock: Clock,
  generation: Generation,
  lastLoss: string,
  untilMs: number,
): FaultRecord {
  const waitMs = Math.max(0, untilMs - clock.monotonicMs());
  return faultRecord({
    code: "budget_exhausted",
    stage: "host",
    operation,
    generation,
    retryAtUnixMs: Math.round(clock.unixMs() + waitMs),
    detail: `The worker failed too often (${lastLoss}) and is not started again for ${Math.ceil(waitMs / 1000)} s: run \`phone-opus mcp reload\` to try now.`,
  });
}

export function abandonedFault(signal: AbortSignal): FaultRecord {
  return faultRecord({
    code: "cancelled",
    stage: "host",
    operation,
    detail: String(signal.reason),
  });
}
