// How consults read that are not answered yet, or stand in a list.

import type { JsonObject } from "../base/json.ts";
import type { ListedConsult } from "../tools/custody.ts";
import { inline, oneLine } from "./one-line.ts";
import { formatCost, formatDuration } from "./porcelain.ts";

export interface StillRunning {
  readonly consult_id: string;
  readonly elapsed_ms: number;
  readonly progress: string;
}

export function runningText(running: StillRunning): string {
  return [
    `consult running id=${running.consult_id} elapsed=${formatDuration(running.elapsed_ms)}`,
    `progress: ${oneLine(running.progress)}`,
    `next: call consult_wait with consult_id ${running.consult_id}; the consult goes on meanwhile, and consult_cancel ends it`,
  ].join("\n");
}

export function projectRunning(running: StillRunning): JsonObject {
  return { status: "running", ...running, next: "consult_wait" };
}

export function listText(consults: readonly ListedConsult[]): string {
  return consults.length === 0
    ? "no consults"
    : consults.map(listLine).join("\n");
}

function listLine(consult: ListedConsult): string {
  const cost = formatCost(consult.total_cost_usd);
  return [
    consult.status,
    consult.consult_id,
    ...(consult.duration_ms === null
      ? []
      : [formatDuration(consult.duration_ms)]),
    ...(cost === null ? [] : [`$${cost}`]),
    oneLine(consult.cwd),
    inline(consult.prompt_head),
  ].join(" ");
}
