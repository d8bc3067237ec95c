// `phone-opus mcp reload`: clears breaker and ejection of running servers and gives
// each a new worker. Their runs go on.

import { liveHosts } from "../consult/hosts.ts";
import { sendSignal } from "../sys/processes.ts";
import { reloadSignal } from "../sys/signals.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Report } from "./report.ts";
import { UsageError } from "./usage.ts";

export function reloadCommand(
  words: readonly string[],
  hostsDirectory: string,
  report: Report,
): number {
  const [word, ...surplus] = words;
  if (surplus.length > 0 || (word !== undefined && !/^\d+$/.test(word))) {
    throw new UsageError("mcp reload takes one pid, or none for all servers");
  }
  const hosts = liveHosts(hostsDirectory).filter(
    ({ pid }) => word === undefined || pid === Number(word),
  );
  if (hosts.length === 0 && word !== undefined) {
    report.error(`no server of yours has the pid ${word}`);
    return exitCodes.failed;
  }
  const reached = hosts.filter(({ pid }) => sendSignal(pid, reloadSignal));
  report.info(
    `${reached.length} ${reached.length === 1 ? "server" : "servers"} reloaded`,
  );
  return exitCodes.answer;
}
