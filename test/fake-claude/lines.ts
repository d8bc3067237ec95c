// What every fake `claude` shares: argv, stdin, and the stream-json lines. Shapes follow `recorded-2.1.329.jsonl`.
import { appendFileSync, writeSync } from "node:fs";

export type Fields = Readonly<Record<string, unknown>>;

const argv = process.argv.slice(2);
const model = option("--model") ?? "claude-opus-5-5";
const resumed = argv.includes("--fork-session")
  ? undefined
  : option("--resume");
export const sessionId =
  option("--session-id") ?? resumed ?? crypto.randomUUID();

/** How every program starts: answer `--version` and leave, or read the prompt and leave a trace of the start. */
export async function begin(version?: string): Promise<string> {
  handleVersion(version);
  const prompt = await readPrompt();
  recordStart(prompt);
  return prompt;
}

export function handleVersion(version = "2.1.329 (Claude Code)"): void {
  if (!argv.includes("--version")) return;
  printText(`${version}\n`);
  process.exit(0);
}

/** stdin to its end. A byte order mark stays, so that an echo has the same bytes. */
export async function readPrompt(): Promise<string> {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    await Bun.stdin.bytes(),
  );
}

/** One line of JSON in the file FAKE_CLAUDE_STARTS, so that a test can count starts and see what came along. */
export function recordStart(prompt: string): void {
  const file = env("FAKE_CLAUDE_STARTS");
  if (file === undefined) return;
  const wanted = (env("FAKE_CLAUDE_RECORD_ENV") ?? "")
    .split(",")
    .filter((name) => name !== "");
  const start = {
    pid: process.pid,
    argv,
    cwd: process.cwd(),
    promptBytes: Buffer.byteLength(prompt),
    envKeys: Object.keys(process.env).toSorted(),
    env: Object.fromEntries(wanted.map((name) => [name, env(name) ?? null])),
  };
  appendFileSync(file, `${JSON.stringify(start)}\n`);
}

/** The value after `--name`, or in `--name=value`. */
export function option(name: string): string | undefined {
  const at = argv.indexOf(name);
  if (at >= 0) return argv[at + 1];
  return argv
    .find((word) => word.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

export function env(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

export function print(event: Fields): void {
  printText(`${JSON.stringify(event)}\n`);
}

export function printText(text: string | Uint8Array): void {
  writeAll(1, text);
}

export function complain(text: string | Uint8Array): void {
  writeAll(2, text);
}

/** Ten minutes: for ever in a test, but nothing that a failed test leaves behind stays longer. */
export async function hang(): Promise<void> {
  await Bun.sleep(600_000);
}

export function initEvent(overrides: Fields = {}): Fields {
  return {
    type: "system",
    subtype: "init",
    cwd: process.cwd(),
    session_id: sessionId,
    tools: (option("--tools") ?? "Bash,Glob,Grep,Read")
      .split(",")
      .filter((name) => name !== ""),
    mcp_servers: [],
    model,
    permissionMode: option("--permission-mode") ?? "default",
    slash_commands: [],
    apiKeySource:
      env("ANTHROPIC_API_KEY") === undefined ? "none" : "ANTHROPIC_API_KEY",
    claude_code_version: "2.1.329",
    output_style: "default",
    agents: [],
    skills: [],
    plugins: [],
    uuid: crypto.randomUUID(),
    fast_mode_state: "off",
    ...overrides,
  };
}

export function textEvent(text: string): Fields {
  return assistantEvent({ type: "text", text });
}

export function toolEvent(name: string, input: Fields, id = "toolu_1"): Fields {
  return assistantEvent({ type: "tool_use", id, name, input });
}

export function toolResultEvent(
  content: string,
  id = "toolu_1",
  failed = false,
): Fields {
  const flag = failed ? { is_error: true } : {};
  return userEvent([
    { tool_use_id: id, type: "tool_result", content, ...flag },
  ]);
}

export function userEvent(
  content: readonly Fields[],
  overrides: Fields = {},
): Fields {
  return {
    type: "user",
    message: { role: "user", content },
    ...stamp(),
    ...overrides,
  };
}

export function assistantEvent(
  block: Fields,
  message: Fields = {},
  overrides: Fields = {},
): Fields {
  const defaults = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [block],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
    context_management: null,
  };
  return {
    type: "assistant",
    message: { ...defaults, ...message },
    ...stamp(),
    ...overrides,
  };
}

export function retryEvent(
  attempt: number,
  retries: number,
  status: number,
  error: string,
): Fields {
  return {
    type: "system",
    subtype: "api_retry",
    attempt,
    max_retries: retries,
    retry_delay_ms: 500,
    error_status: status,
    error,
    session_id: sessionId,
    uuid: crypto.randomUUID(),
  };
}

/** A success by default. `type` is not the first key, as in the real thing; `undefined` takes a key away. */
export function resultEvent(overrides: Fields = {}): Fields {
  return {
    duration_api_ms: 23,
    stop_reason: "end_turn",
    session_id: sessionId,
    total_cost_usd: 0.00044,
    usage: usage(10, 20),
    modelUsage: { [model]: modelUsage },
    permission_denials: [],
    terminal_reason: "completed",
    fast_mode_state: "off",
    is_error: false,
    num_turns: 1,
    subtype: "success",
    api_error_status: null,
    result: "The answer is 42.",
    ttft_ms: 89,
    type: "result",
    duration_ms: 99,
    uuid: crypto.randomUUID(),
    ttft_stream_ms: 88,
    time_to_request_ms: 77,
    ...overrides,
  };
}

/** init, the text, the result: one turn that went well. */
export function answer(
  text = "The answer is 42.",
  overrides: Fields = {},
): void {
  print(initEvent());
  print(textEvent(text));
  print(resultEvent({ result: text, ...overrides }));
}

export function usage(input: number, output: number): Fields {
  return {
    input_tokens: input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: output,
    server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
    service_tier: "standard",
  };
}

const modelUsage = {
  inputTokens: 10,
  outputTokens: 20,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  webSearchRequests: 0,
  costUSD: 0.00044,
  contextWindow: 1_000_000,
  maxOutputTokens: 128_000,
};

function stamp(): Fields {
  return {
    parent_tool_use_id: null,
    session_id: sessionId,
    uuid: crypto.randomUUID(),
    timestamp: new Date().toISOString(),
  };
}

// Synchronous, so that whatever was printed is out before a signal or an exit. A pipe that its reader made
// non-blocking answers EAGAIN when it is full: wait and go on. When the reader is gone the real one runs on to its
// end, and so do these.
function writeAll(descriptor: number, text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const code =
        error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}
