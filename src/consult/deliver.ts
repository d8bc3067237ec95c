// What happens to a consult whose answer has reached its caller: it is marked, or
// forgotten where no history is kept.

import type { ConsultId, ProcessIdentity } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import { removeDirectory } from "../sys/files.ts";
import { type AcceptOptions, withLedger } from "./accept.ts";
import { hasLiveOwner, markDelivered, removeOwner } from "./custody.ts";
import { spoolAt } from "./spool.ts";

export interface Delivery {
  /** Who has the answer now and waits no more. */
  readonly owner: ProcessIdentity;
  readonly keepsHistory: boolean;
}

export function concludeDelivery(
  options: Pick<AcceptOptions, "ledger" | "log">,
  consultId: ConsultId,
  { owner, keepsHistory }: Delivery,
): void {
  const spool = spoolAt(options.ledger.consultsDirectory, consultId);
  // A consult that failed before it had a spool, or is forgotten already.
  if (!spool.exists()) return;
  let isForgotten = false;
  try {
    removeOwner(spool.directory, owner);
    // Others may wait for the same answer: the last of them takes it away.
    isForgotten = !keepsHistory && !hasLiveOwner(spool.directory);
    if (isForgotten) removeDirectory(spool.directory);
    else markDelivered(spool.directory);
  } catch (error) {
    options.log(`${spool.directory} was not marked: ${describeError(error)}`);
  }
  withLedger(options, (ledger) => {
    if (isForgotten) ledger.remove(consultId);
    else ledger.update(consultId, { delivered: 1 });
  });
}
