// Two wishes of tests, by environment variable: become the binary once, or lose the
// worker once, at a certain operation (`tools/call:consult`). Without the variables
// nothing here ever happens.

import { assertNever } from "../base/never.ts";
import type { Environment } from "../sys/settings.ts";

export type TestHook = "force_rollout" | "crash_worker";

export interface TestHooks {
  /** True the first time that `operation` is the one the hook was set for. */
  takes(hook: TestHook, operation: string): boolean;
  /** Those that have done their work, in this image or an earlier one. */
  spent(): TestHook[];
}

function variableOf(hook: TestHook): string {
  switch (hook) {
    case "force_rollout":
      return "PHONE_OPUS_MCP_TEST_FORCE_ROLLOUT_KEY";
    case "crash_worker":
      return "PHONE_OPUS_MCP_TEST_WORKER_CRASH_ONCE_KEY";
    default:
      return assertNever(hook);
  }
}

export function createTestHooks(
  environment: Environment,
  earlier: readonly string[] = [],
): TestHooks {
  const spent = new Set<string>(earlier);
  return {
    takes: (hook, operation) => {
      if (environment[variableOf(hook)] !== operation) return false;
      const isFirst = !spent.has(hook);
      spent.add(hook);
      return isFirst;
    },
    spent: () => hooks.filter((hook) => spent.has(hook)),
  };
}

const hooks: readonly TestHook[] = ["force_rollout", "crash_worker"];
