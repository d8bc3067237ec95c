// Which fault ends the command with which of the documented exit codes.

import { expect, test } from "bun:test";
import {
  downstreamReasonSchema,
  type DownstreamReason,
  type FaultCode,
  faultRecord,
} from "../../src/base/fault.ts";
import { exitCodeOf, exitCodes } from "../../src/cli/exit-codes.ts";

function codeOf(code: FaultCode, reason?: DownstreamReason): number {
  return exitCodeOf(
    faultRecord({
      code,
      stage: "claude",
      operation: "tools/call:consult",
      detail: "",
      ...(reason === undefined ? {} : { reason }),
    }),
  );
}

test("the documented codes are these", () => {
  expect(exitCodes).toEqual({
    answer: 0,
    failed: 1,
    usage: 2,
    timeout: 3,
    unavailable: 4,
    interrupted: 130,
  });
});

test.each([
  ["invalid_input", 2],
  ["timeout", 3],
  ["cancelled", 130],
  ["process_failure", 1],
  ["internal_failure", 1],
  ["downstream_failure", 1],
  ["outcome_unknown", 1],
] as const)("%s ends with %d", (code, expected) => {
  expect(codeOf(code)).toBe(expected);
});

test("only what makes Claude unavailable ends with 4", () => {
  const unavailable = downstreamReasonSchema.options.filter(
    (reason) => codeOf("downstream_failure", reason) === 4,
  );
  expect(unavailable).toEqual(["not_installed", "not_logged_in"]);
});
