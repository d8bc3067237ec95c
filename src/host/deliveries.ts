// Answers that have reached the client, for the worker to mark, or to forget where no
// history is kept: told to the next worker where there is none, and told again where one
// died so soon that it may not have come to it.

import type { ConsultId, ProcessIdentity } from "../base/ids.ts";
import type { WorkerChannel } from "../wire/channel.ts";

export interface Deliveries {
  add(consultId: ConsultId): void;
  /** Hands over what no worker was told yet. */
  tell(channel: Pick<WorkerChannel, "tell">): void;
  /** The worker that was told is dead. */
  lost(): void;
  untold(): ConsultId[];
}

/** Told in order, so that only the last ones can be open; twice is as good as once. */
const mostOpen = 16;

export function createDeliveries(
  owner: ProcessIdentity,
  earlier: readonly ConsultId[] = [],
): Deliveries {
  let untold = [...earlier];
  let told: ConsultId[] = [];
  return {
    add: (consultId) => void untold.push(consultId),
    tell: (channel) => {
      for (const consult_id of untold) {
        channel.tell({ kind: "delivered", consult_id, owner });
      }
      told = [...told, ...untold].slice(-mostOpen);
      untold = [];
    },
    lost: () => {
      untold = [...told, ...untold];
      told = [];
    },
    untold: () => [...untold],
  };
}
