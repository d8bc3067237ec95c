// From how a run ended to a fault that says, in a sentence or two, what happened and
// what to do next. API errors come as `is_error` with subtype `success`, so neither
// the subtype nor the exit code decides alone.

import type { DownstreamReason, FaultRecord } from "../base/fault.ts";
import { faultRecord } from "../base/fault.ts";
import type { ConsultId } from "../base/ids.ts";
import {
  type ConfineFailure,
  confineFailureOf,
} from "../sandbox/confine-failure.ts";
import type { Exit } from "../sys/spawn.ts";
import type { ResultEvent } from "./events.ts";
import type { Transcript } from "./transcript.ts";

export const consultOperation = "tools/call:consult";

/** Before or without a run: Claude is missing, too old, cannot be started. */
export function unavailable(
  reason: DownstreamReason,
  detail: string,
): FaultRecord {
  return faultRecord({
    code: "downstream_failure",
    stage: "claude",
    operation: consultOperation,
    detail,
    reason,
  });
}

export interface EndedRun {
  readonly consultId: ConsultId;
  readonly exit: Exit;
  readonly transcript: Transcript;
  readonly stderrTail: string;
}

/** Undefined when the run ended with an answer. */
export function faultOfRun(run: EndedRun): FaultRecord | undefined {
  const result = run.transcript.result();
  const verdict =
    result === undefined ? withoutResult(run) : withResult(result, run);
  if (verdict === undefined) return undefined;
  const resetsAt = run.transcript.limitResetsAtUnixMs();
  return withCircumstances(
    faultRecord({
      code: "downstream_failure",
      stage: "claude",
      operation: consultOperation,
      detail: verdict.detail,
      reason: verdict.reason,
      ...(verdict.reason === "rate_limit" && resetsAt !== undefined
        ? { retryAtUnixMs: resetsAt }
        : {}),
    }),
    run,
  );
}

/** A run that we stopped (its client cancelled it, or a limit was reached) or lost. */
export function faultOfStop(
  stop: { code: "cancelled" | "timeout" | "outcome_unknown"; detail: string },
  run: Omit<EndedRun, "exit" | "stderrTail">,
): FaultRecord {
  return withCircumstances(
    faultRecord({
      code: stop.code,
      stage: "claude",
      operation: consultOperation,
      detail: stop.detail,
    }),
    run,
  );
}

function withCircumstances(
  fault: FaultRecord,
  run: Omit<EndedRun, "exit" | "stderrTail">,
): FaultRecord {
  const { reason } = fault.fault;
  const partial = reason === "refused" ? "" : run.transcript.text();
  const { sessionId } = run.transcript.progress();
  // A session that never began, or began without a login, cannot be resumed.
  const isResumable = sessionId !== undefined && reason !== "not_logged_in";
  return {
    ...fault,
    consult_id: run.consultId,
    ...(isResumable ? { session_id: sessionId } : {}),
    ...(partial === "" ? {} : { partial_response: partial }),
  };
}

interface Verdict {
  readonly reason: DownstreamReason;
  readonly detail: string;
}

const verdict = (reason: DownstreamReason, detail: string): Verdict => ({
  reason,
  detail,
});

function withResult(result: ResultEvent, run: EndedRun): Verdict | undefined {
  const said = sentence(
    result.result ?? result.errors?.join(" ") ?? run.stderrTail,
  );
  if (result.subtype === "error_max_turns") {
    return verdict(
      "max_turns",
      "Claude Code used all its turns before it could answer: raise max_turns, ask a narrower question, or resume the session to go on.",
    );
  }
  if (result.subtype === "error_max_budget_usd") {
    return verdict(
      "budget",
      "Claude Code reached the budget of this consult: raise max_budget_usd, or resume the session to go on.",
    );
  }
  if (result.stop_reason === "refusal") {
    return verdict(
      "refused",
      `The model refused to answer: ${said} Rephrase the question or name another model.`,
    );
  }
  // Start-up failures come with a result, too; their text is on standard error.
  if (result.subtype === "error_during_execution")
    return withoutResult(run, said);
  if (result.is_error === true) return apiError(result, said);
  // A slash command that does not exist: no turn was taken, nothing was asked.
  if (result.num_turns === 0 && /^Unknown (slash )?command/i.test(said)) {
    return verdict(
      "failed",
      `Claude Code took the prompt for a command: ${said}`,
    );
  }
  if (result.subtype !== "success") {
    return verdict("failed", `Claude Code ended with an error: ${said}`);
  }
  if (run.exit.code !== 0 && (result.result ?? "") === "")
    return withoutResult(run);
  return undefined;
}

function apiError(result: ResultEvent, said: string): Verdict {
  const status = result.api_error_status ?? undefined;
  if (/not logged in/i.test(said)) {
    return verdict(
      "not_logged_in",
      "Claude Code is not logged in here: run `claude` in a terminal and log in, or give this server the variable ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.",
    );
  }
  if (result.terminal_reason === "prompt_too_long") {
    return verdict(
      "prompt_too_long",
      "The prompt is longer than the model takes: shorten it, or name files for Claude to read instead of pasting them.",
    );
  }
  if (status === 401 || status === 403) {
    return verdict(
      "auth",
      `The API refused the credentials of Claude Code (${status}): ${said} Run \`claude\` and log in again, or correct ANTHROPIC_API_KEY.`,
    );
  }
  if (status === 404) {
    return verdict(
      "model_unknown",
      `The API does not know this model: ${said} Name another one, or leave model out.`,
    );
  }
  if (status === 429) {
    return verdict(
      "rate_limit",
      `A usage limit is reached: ${said} Try again when it is over.`,
    );
  }
  if (status === 529) {
    return verdict(
      "overloaded",
      `The API is overloaded: ${said} Try again in a few minutes, or name another model.`,
    );
  }
  if (/credit balance|billing/i.test(said)) {
    return verdict(
      "billing",
      `The account has no credit left: ${said} Add credit or log in with another account.`,
    );
  }
  if (status !== undefined && status >= 500) {
    return verdict(
      "api_error",
      `The API failed (${status}): ${said} Try again.`,
    );
  }
  if (
    status === undefined &&
    /connection|ECONN|ENOTFOUND|timed? ?out|network/i.test(said)
  ) {
    return verdict(
      "api_error",
      `The API could not be reached: ${said} Check the network and the proxy settings, then ask again.`,
    );
  }
  return verdict(
    status === undefined ? "failed" : "api_error",
    `Claude Code could not answer: ${said} Rephrase the question, or try \`claude -p hello\` in a terminal.`,
  );
}

function withoutResult(
  { exit, stderrTail, transcript }: EndedRun,
  said = sentence(stderrTail),
): Verdict {
  const unconfined = confineFailureOf(exit.code, stderrTail);
  if (unconfined !== undefined) return neverStarted(unconfined);
  if (/unknown option|unrecognized option/i.test(stderrTail)) {
    return verdict(
      "too_old",
      `This Claude Code does not know a switch that read-only needs: ${said} Update it with \`claude update\`.`,
    );
  }
  if (/No conversation found/i.test(said)) {
    return verdict(
      "session_unknown",
      `Claude Code has no such session in this directory: ${said} Pass the cwd of the first consult, or leave resume out.`,
    );
  }
  if (exit.signal !== undefined) {
    return verdict(
      "killed",
      `Claude Code was killed by ${exit.signal} before it answered: look for what ended it (often the memory limit), then ask again.`,
    );
  }
  if (exit.code !== 0) {
    // Of an adopted run nobody knows the code.
    const how =
      exit.code === undefined
        ? "ended with an error"
        : `exited with code ${exit.code}`;
    return verdict(
      "failed",
      `Claude Code ${how}: ${said === "" ? "it said nothing." : said} Try \`claude -p hello\` in a terminal.`,
    );
  }
  if (transcript.result() !== undefined) {
    return verdict(
      "killed",
      "Claude Code was interrupted before it answered: resume the session to go on, or ask again.",
    );
  }
  const malformed = transcript.malformedLines();
  return verdict(
    "bad_output",
    malformed > 0
      ? `Claude Code ended without a result and printed ${malformed} unreadable ${malformed === 1 ? "line" : "lines"}: see the consult's spool, and update Claude Code or phone-opus.`
      : "Claude Code ended without a result: ask again, and update Claude Code if it happens twice.",
  );
}

function neverStarted({ kind, why }: ConfineFailure): Verdict {
  switch (kind) {
    case "not_confined":
      return verdict(
        "sandbox",
        `Claude Code was not started, since the kernel would not hold it to reading: ${sentence(why)} Nothing was asked; PHONE_OPUS_SANDBOX=off does without that layer.`,
      );
    case "not_started":
      return verdict(
        "not_installed",
        `Claude Code could not be started: ${sentence(why)} Check that it runs.`,
      );
  }
}

const maxQuoted = 600;

/** Foreign text, on one line, bounded, ended by a full stop. */
function sentence(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line === "") return "";
  const clipped =
    line.length > maxQuoted ? `${line.slice(0, maxQuoted)}…` : line;
  return /[.!?…]$/.test(clipped) ? clipped : `${clipped}.`;
}
