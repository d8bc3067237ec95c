// What happens to a consult whose answer has reached its caller: it is marked, or
// forgotten where no history is kept.

import type { ConsultId } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import { type AcceptOptions, withLedger } from "./accept.ts";
import { markDelivered } from "./custody.ts";
import { removeSpool, spoolAt } from "./spool.ts";

export function concludeDelivery(
  options: Pick<AcceptOptions, "ledger" | "log">,
  consultId: ConsultId,
  keepsHistory: boolean,
): void {
  const spool = spoolAt(options.ledger.consultsDirectory, consultId);
  // A consult that failed before it had a spool, or is forgotten already.
  if (!spool.exists()) return;
  try {
    if (keepsHistory) markDelivered(spool.directory);
    else removeSpool(spool.directory);
  } catch (error) {
    options.log(`${spool.directory} was not marked: ${describeError(error)}`);
  }
  withLedger(options, (ledger) => {
    if (keepsHistory) ledger.update(consultId, { delivered: 1 });
    else ledger.remove(consultId);
  });
}
