// The outcomes of runs that we ended ourselves: cancelled, or past one of the limits.

import { describe, expect, test } from "bun:test";
import { consultIdSchema } from "../../src/base/ids.ts";
import { conclude, type Ending } from "../../src/claude/conclude.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { parseSettings } from "../../src/sys/settings.ts";
import { type Recording, recorded, transcriptOf } from "./recorded.ts";

const consultId = consultIdSchema.parse(`c_${"0123456789abcdef".repeat(2)}`);

function stopped(
  name: Recording,
  ending: Ending,
  request: Partial<ConsultRequest> = {},
): unknown {
  const settings = parseSettings({});
  if (!settings.ok) throw new Error(settings.problem);
  return conclude({
    ending,
    exit: { code: 0, signal: undefined },
    stderrTail: "",
    consultId,
    request: { prompt: "When?", cwd: "/project", ...request },
    settings: settings.settings,
    transcript: transcriptOf([recorded(name)]),
  });
}

const base = {
  stage: "claude",
  operation: "tools/call:consult",
  jsonrpc_code: -32603,
  retryable: false,
  retried: false,
  consult_id: consultId,
};

describe("a cancelled run", () => {
  test("says why, and keeps the session and what was written", () => {
    const ending: Ending = { kind: "cancelled", why: "The client cancelled." };
    expect(stopped("interrupted", ending)).toEqual({
      status: "cancelled",
      fault: {
        ...base,
        fault: {
          generation: 1,
          class: "resource",
          code: "cancelled",
          directive: "abort_request",
          detail: "The client cancelled.",
        },
        session_id: "bc1b56cc-fdbe-4bd1-a436-f5072c46fd1d",
        partial_response: "The bell",
      },
    });
  });

  test("that reports its own interruption is cancelled all the same", () => {
    const ending: Ending = { kind: "cancelled", why: "Enough." };
    expect(stopped("interrupted-in-tool", ending)).toMatchObject({
      status: "cancelled",
      fault: { fault: { code: "cancelled", detail: "Enough." } },
    });
  });
});

describe("a run past a limit", () => {
  test.each([
    [
      "time",
      {},
      "Claude Code did not finish within 1800 s and was stopped: raise timeout_s, ask a narrower question, or resume the session to go on.",
    ],
    [
      "time",
      { timeout_s: 2.5 },
      "Claude Code did not finish within 2.5 s and was stopped: raise timeout_s, ask a narrower question, or resume the session to go on.",
    ],
    [
      "idle",
      {},
      "Claude Code gave no sign of life for 600 s and was stopped: resume the session to go on, or ask again.",
    ],
    [
      "output",
      {},
      "Claude Code wrote more than 536870912 bytes and was stopped: ask a narrower question, or raise PHONE_OPUS_MAX_OUTPUT_BYTES.",
    ],
  ] as const)(
    "of %s (%j) names it and the next step",
    (limit, more, detail) => {
      expect(stopped("interrupted", { kind: "limit", limit }, more)).toEqual({
        status: "failed",
        fault: {
          ...base,
          fault: {
            generation: 1,
            class: "timeout",
            code: "timeout",
            directive: "abort_request",
            detail,
          },
          session_id: "bc1b56cc-fdbe-4bd1-a436-f5072c46fd1d",
          partial_response: "The bell",
        },
      });
    },
  );
});
