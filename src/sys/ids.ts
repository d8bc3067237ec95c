// Fresh identifiers, the one place with randomness.

import { type ConsultId, consultIdFromUuid } from "../base/ids.ts";

export function newConsultId(): ConsultId {
  return consultIdFromUuid(Bun.randomUUIDv7());
}
