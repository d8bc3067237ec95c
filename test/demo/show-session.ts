// The rows of the demo: what a recorded session, the API's requests and the consult's spool tell of each hop.

import { z } from "zod";
import type { World } from "../e2e/claude-code.ts";
import { userTexts } from "../e2e/claude-code.ts";
import type { RecordedRequest } from "../../src/messages-api/request.ts";
import { block, clip, row, section } from "./hops.ts";
import {
  type connectRecorded,
  exchanges,
  type RecordedFrame,
} from "./recorded-client.ts";

export interface SpooledRun {
  readonly id: string;
  readonly pid: number;
  readonly runnerPid: number;
  readonly version: string;
  readonly words: readonly string[];
  readonly promptBytes: number;
  readonly stdout: string;
}

export interface Shown {
  readonly session: Awaited<ReturnType<typeof connectRecorded>>;
  readonly world: World;
  readonly health: {
    readonly generation: number;
    readonly running: readonly { readonly consult_id: string }[];
  };
  readonly run: SpooledRun;
  readonly progress: readonly string[];
  readonly answer: string;
}

export function showSession(shown: Shown): void {
  const { health, run, progress, answer } = shown;
  const known = exchanges(shown.session.frames);
  section("A client asks (MCP over stdio, one JSON-RPC message a line)");
  for (const { method, request, answer: reply } of known) {
    const { id, params } = request.frame;
    const number = id === undefined ? "" : `id ${id}  `;
    row("client → host", method, number + describeCall(method, params));
    if (reply !== undefined && params?.["name"] !== "consult") {
      row("host → client", "result", number + describeReply(request, reply));
    }
  }

  section(
    "The host hands it to its worker, the worker to a runner, the runner to Claude Code",
  );
  row(
    "host → worker",
    "execute",
    `generation ${health.generation}, ${health.running[0]?.consult_id ?? "no consult"}`,
  );
  row(
    "worker → runner",
    "start",
    `pid ${run.runnerPid}, in a session of its own`,
  );
  row("runner → Claude", "start", `Claude Code ${run.version}, pid ${run.pid}`);
  row("", "flags", run.words.map(quoted).join(" "));
  row("", "standard input", `the prompt, ${run.promptBytes} bytes`);
  row("", "output", `to files in the spool ${run.id}`);

  section("Claude Code asks the model (here a script on loopback)");
  showRequests(shown.world, run.stdout);

  section("Claude Code reports to the runner (stream-json, in the spool)");
  for (const event of eventsOf(run.stdout)) {
    const name = [event.type, event.subtype].filter((part) => part).join("/");
    row("Claude → runner", name, clip(describeEvent(event)));
  }

  section("The answer comes back");
  for (const message of progress) {
    row("host → client", "notifications/progress", message);
  }
  const consult = known.find(
    ({ request }) => request.frame.params?.["name"] === "consult",
  );
  row("host → client", "result", `id ${consult?.request.frame.id ?? "?"}`);
  block(answer);
}

type Params = RecordedFrame["frame"]["params"];

function describeCall(method: string, params: Params): string {
  if (method === "initialize") {
    return `protocol ${String(params?.["protocolVersion"])}`;
  }
  return method === "tools/call"
    ? `${String(params?.["name"])} ${clip(JSON.stringify(params?.["arguments"]), 50)}`
    : "";
}

const resultSchema = z.looseObject({
  protocolVersion: z.string().optional(),
  serverInfo: z.looseObject({ version: z.string() }).optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
  structuredContent: z
    .looseObject({ ready: z.boolean(), running: z.array(z.unknown()) })
    .optional(),
});

function describeReply(request: RecordedFrame, reply: RecordedFrame): string {
  const after = `after ${Math.round(reply.atMs - request.atMs)} ms`;
  if (reply.frame.error !== undefined) return reply.frame.error.message;
  const { protocolVersion, serverInfo, tools, structuredContent } =
    resultSchema.parse(reply.frame.result);
  if (protocolVersion !== undefined) {
    return `protocol ${protocolVersion}, phone-opus ${serverInfo?.version} (${after})`;
  }
  if (tools !== undefined) {
    return `${tools.map(({ name }) => name).join(", ")} (${after})`;
  }
  return structuredContent === undefined
    ? after
    : `${structuredContent.ready ? "ready" : "not ready"}, ${structuredContent.running.length} running (${after}, in mid-consult)`;
}

function quoted(word: string): string {
  return /^[\w.,:@/-]+$/.test(word) ? word : `'${word}'`;
}

const blockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  content: z.unknown().optional(),
});
type Block = z.infer<typeof blockSchema>;
const messageSchema = z.looseObject({
  id: z.string().optional(),
  content: z.array(blockSchema),
});
const eventSchema = z.looseObject({
  type: z.string(),
  subtype: z.string().optional(),
  model: z.string().optional(),
  tools: z.array(z.string()).optional(),
  message: z.union([z.string(), messageSchema]).optional(),
  result: z.string().optional(),
  num_turns: z.number().optional(),
  total_cost_usd: z.number().optional(),
});
type Event = z.infer<typeof eventSchema>;

function eventsOf(stdout: string): Event[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => eventSchema.parse(JSON.parse(line)));
}

function describeEvent(event: Event): string {
  if (event.type === "result") {
    return `${event.num_turns} turns, $${event.total_cost_usd?.toFixed(6)}: ${event.result}`;
  }
  if (event.tools !== undefined) {
    return `model ${event.model}, tools ${event.tools.join(" ")}`;
  }
  if (typeof event.message === "string") return event.message;
  return blocksOf(event)
    .map((part) => `${part.type}: ${describeBlock(part)}`)
    .join("; ");
}

function blocksOf({ message }: Event): readonly Block[] {
  return typeof message === "object" ? message.content : [];
}

function describeBlock({ type, text, name, input, content }: Block): string {
  switch (type) {
    case "text":
      return text ?? "";
    case "tool_use":
      return `${name} ${JSON.stringify(input)}`;
    case "tool_result":
      return typeof content === "string" ? content : JSON.stringify(content);
    default:
      return "";
  }
}

/** Each request with the answer to it; the answers are what Claude Code says that it got. */
function showRequests(world: World, stdout: string): void {
  const said = new Map<string, Event[]>();
  for (const event of eventsOf(stdout)) {
    const { type, message } = event;
    if (type !== "assistant" || typeof message !== "object") continue;
    const id = message.id ?? "";
    said.set(id, [...(said.get(id) ?? []), event]);
  }
  const answers = [...said.values()];
  for (const [index, request] of world.api.requests.entries()) {
    const { model, messages, tools } = request.body;
    row(
      "Claude → API",
      `POST /v1/messages #${index + 1}`,
      `${model}, ${messages.length} messages, ${tools.length} tools`,
    );
    row("", "its end", describeEnd(request));
    for (const event of answers[index] ?? []) {
      for (const said of blocksOf(event)) {
        row("API → Claude", said.type, clip(describeBlock(said)));
      }
    }
  }
}

/** The prompt, or the results of the tools that the model called. */
function describeEnd(request: RecordedRequest): string {
  const last = request.body.messages.findLast(({ role }) => role === "user");
  const blocks = z.array(blockSchema).safeParse(last?.content).data ?? [];
  const results = blocks.filter(({ type }) => type === "tool_result").length;
  return results === 0
    ? clip(`prompt: ${userTexts(request).at(-1)}`)
    : `the results of ${results} tools`;
}
