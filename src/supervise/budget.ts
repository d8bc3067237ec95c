// How many restarts a period allows: intensity over period. A value; pure.

export interface RestartBudget {
  readonly intensity: number;
  readonly periodMs: number;
}

export const defaultBudget: RestartBudget = {
  intensity: 5,
  periodMs: 300_000,
};

/** When restarts happened, oldest first; those behind the period count no more. */
export type Restarts = readonly number[];

export function recordRestart(
  restarts: Restarts,
  nowMs: number,
  budget: RestartBudget,
): Restarts {
  return [...recent(restarts, nowMs, budget), nowMs];
}

/** When the next restart is allowed; `nowMs` when it is allowed now. */
export function allowedAtMs(
  restarts: Restarts,
  nowMs: number,
  budget: RestartBudget,
): number {
  const counted = recent(restarts, nowMs, budget);
  if (counted.length < budget.intensity) return nowMs;
  const oldest = counted[counted.length - budget.intensity] ?? nowMs;
  return oldest + budget.periodMs;
}

function recent(
  restarts: Restarts,
  nowMs: number,
  { periodMs }: RestartBudget,
): Restarts {
  return restarts.filter((at) => nowMs - at < periodMs);
}
