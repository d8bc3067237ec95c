// The signals by which a client or a person ends us.

import { constants } from "node:os";

export const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Called for each signal, with its name and number. */
export function onEndSignals(
  callback: (name: string, number: number) => void,
): void {
  for (const name of endSignals) {
    process.on(name, () => callback(name, constants.signals[name]));
  }
}

/** `phone-opus mcp reload` sends it. */
export const reloadSignal = "SIGUSR2";

/** All that a host handles; the last one see signal-shield.ts. */
export const handledSignals = [...endSignals, reloadSignal, "SIGALRM"] as const;

export function onReloadSignal(callback: () => void): void {
  process.on(reloadSignal, callback);
}
