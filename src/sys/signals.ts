// The signals by which a client or a person ends us.

import { constants } from "node:os";
import { readTextIfPresent } from "./files.ts";

export const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Called for each signal, with its name and number. */
export function onEndSignals(
  callback: (name: string, number: number) => void,
  names: readonly (typeof endSignals)[number][] = endSignals,
): void {
  for (const name of names) {
    process.on(name, () => callback(name, constants.signals[name]));
  }
}

/**
 * Without the end of the terminal where that is ignored already, as under nohup: to
 * handle it would undo that. Asked before anything is handled; Linux alone tells.
 */
export function endSignalsOfCommand(): readonly (typeof endSignals)[number][] {
  const status = readTextIfPresent("/proc/self/status") ?? "";
  const mask = status.match(/^SigIgn:\s*([0-9a-f]+)$/m)?.[1] ?? "0";
  const bit = 1n << BigInt(constants.signals.SIGHUP - 1);
  const isIgnored = (BigInt(`0x${mask}`) & bit) !== 0n;
  return endSignals.filter((name) => name !== "SIGHUP" || !isIgnored);
}

/** `phone-opus mcp reload` sends it. */
export const reloadSignal = "SIGUSR2";

/** All that a host handles; the last one see signal-shield.ts. */
export const handledSignals = [...endSignals, reloadSignal, "SIGALRM"] as const;

export function onReloadSignal(callback: () => void): void {
  process.on(reloadSignal, callback);
}
