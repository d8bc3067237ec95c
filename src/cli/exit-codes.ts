// The documented exit codes.

import type { FaultRecord } from "../base/fault.ts";

export const exitCodes = {
  answer: 0,
  failed: 1,
  usage: 2,
  timeout: 3,
  unavailable: 4,
  interrupted: 130,
} as const;

export const exitCodeHelp = [
  "0    answered",
  "1    Claude or the run failed",
  "2    the command line, the prompt or a variable is wrong",
  "3    a time limit was reached",
  "4    Claude Code is not installed or not logged in",
  "130  interrupted or cancelled",
];

export function exitCodeOf(fault: FaultRecord): number {
  const { code, reason } = fault.fault;
  if (code === "invalid_input") return exitCodes.usage;
  if (code === "timeout") return exitCodes.timeout;
  if (code === "cancelled") return exitCodes.interrupted;
  return reason === "not_installed" || reason === "not_logged_in"
    ? exitCodes.unavailable
    : exitCodes.failed;
}
