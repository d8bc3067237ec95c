// The three ways in which Claude Code says that it has no answer. All of them exit with 1.
import {
  assistantEvent,
  complain,
  env,
  initEvent,
  print,
  resultEvent,
  retryEvent,
  sessionId,
  usage,
} from "./lines.ts";
import type { Fields } from "./lines.ts";

type ApiFailure = Readonly<{
  text: string;
  /** Claude's own word for it, in the assistant event and in the retries. */
  error: string;
  /** Where the retries use another word. */
  retryError?: string;
  /** The HTTP status, or null where no request was made. */
  status: number | null;
  /** The API's word for it. */
  apiType?: string;
  /** How many times Claude tries again; CLAUDE_CODE_MAX_RETRIES lowers it. */
  retries?: number;
  terminalReason?: string;
  stopReason?: string;
}>;

/** An error from the API: subtype `success` with is_error, the text in `result` and in a synthetic message. */
export function failAtApi(failure: ApiFailure, overrides: Fields = {}): void {
  const {
    text,
    error,
    status,
    apiType,
    terminalReason = "api_error",
    stopReason = "stop_sequence",
  } = failure;
  const api =
    status === null
      ? {}
      : { api_error_status: status, api_error_type: apiType };
  const retries = Math.min(
    failure.retries ?? 0,
    Number(env("CLAUDE_CODE_MAX_RETRIES") ?? Infinity),
  );
  print(initEvent());
  for (let attempt = 1; attempt <= retries; attempt++)
    print(
      retryEvent(attempt, retries, status ?? 0, failure.retryError ?? error),
    );
  const message = {
    model: "<synthetic>",
    stop_reason: stopReason,
    stop_sequence: "",
    usage: usage(0, 0),
  };
  print(
    assistantEvent({ type: "text", text }, message, {
      error,
      is_api_error_message: true,
      ...api,
    }),
  );
  print(
    resultEvent({
      ...nothingSpent,
      ...untimed,
      is_error: true,
      result: text,
      stop_reason: stopReason,
      terminal_reason: terminalReason,
      ...api,
      ...overrides,
    }),
  );
  process.exitCode = 1;
}

/** A limit of the user's own: `errors` instead of `result`. */
export function failAtLimit(
  subtype: string,
  message: string,
  overrides: Fields,
): void {
  print(
    resultEvent({
      ...untimed,
      is_error: true,
      subtype,
      errors: [message],
      result: undefined,
      api_error_status: undefined,
      ...overrides,
    }),
  );
  process.exitCode = 1;
}

/** A failure before the run: text on stderr, and from 2.1.329 on, a bare result on stdout too. */
export function failAtStart(
  message: string,
  options: { printResult: boolean },
  overrides: Fields = {},
): void {
  complain(`${message}\n`);
  process.exitCode = 1;
  if (!options.printResult) return;
  print({
    type: "result",
    subtype: "error_during_execution",
    duration_ms: 0,
    duration_api_ms: 0,
    is_error: true,
    num_turns: 0,
    stop_reason: null,
    session_id: sessionId,
    total_cost_usd: 0,
    usage: usage(0, 0),
    modelUsage: {},
    permission_denials: [],
    uuid: crypto.randomUUID(),
    errors: [message],
    ...overrides,
  });
}

const nothingSpent = {
  duration_api_ms: 0,
  total_cost_usd: 0,
  usage: usage(0, 0),
  modelUsage: {},
};
const untimed = {
  ttft_ms: undefined,
  ttft_stream_ms: undefined,
  time_to_request_ms: undefined,
};
