// What a person is told of an error that nobody foresaw where it happened.

import { describeError, errorCode } from "../base/json.ts";
import { LedgerTooNewError } from "../consult/ledger-schema.ts";
import type { StatePaths } from "../sys/paths.ts";

/** What the system says of a file or of the ledger is no defect of ours. */
const systemCode =
  /^(E[A-Z]+|SQLITE_(BUSY|CANTOPEN|FULL|IOERR|PERM|READONLY)\w*)$/;

export function describeFailure(error: unknown, { root }: StatePaths): string {
  const what = describeError(error);
  if (error instanceof LedgerTooNewError) return what;
  return systemCode.test(errorCode(error) ?? "")
    ? `the state in ${root} cannot be used (${what}): free the disk or correct its permissions; phone-opus doctor looks at it`
    : `phone-opus failed inside (${what}): please report this; PHONE_OPUS_DEBUG=1 shows where.`;
}
