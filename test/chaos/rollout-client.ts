// A raw MCP client that keeps every line it gets, for tests that replace the host's
// image under it: which id was answered how often, what else came, in what order.

import { z } from "zod";

const messageSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z
    .looseObject({
      progressToken: z.union([z.string(), z.number()]).optional(),
      progress: z.number().optional(),
    })
    .optional(),
  result: z
    .looseObject({
      isError: z.boolean().optional(),
      content: z.array(z.looseObject({ text: z.string() })).optional(),
      structuredContent: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  error: z.looseObject({ code: z.int(), message: z.string() }).optional(),
});
export type Message = z.infer<typeof messageSchema>;

const healthSchema = z.looseObject({
  version: z.string(),
  pid: z.int(),
  generation: z.int(),
  ready: z.boolean(),
  rollout: z.enum(["stable", "pending", "refused"]),
  rollout_reason: z.string().nullable(),
  last_fault: z.looseObject({ code: z.string() }).nullable(),
  running: z.array(
    z.looseObject({ progress: z.string(), queue_position: z.int() }),
  ),
});
export type Health = z.infer<typeof healthSchema>;
const telemetrySchema = z.looseObject({ host_rollouts: z.int() });

type Id = string | number;

export interface RolloutClient extends AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<number>;
  /** Everything that came, in the order in which it came. */
  readonly messages: readonly Message[];
  /** How often each id was answered. */
  readonly answers: ReadonlyMap<Id, number>;
  /** Lines on stdout that are no messages. */
  readonly garbage: readonly string[];
  stderr(): string;
  /** Resolves when the line is handed to the pipe. */
  send(message: object): Promise<void>;
  request(id: Id, method: string, params?: object): Promise<Message>;
  call(name: string, arguments_?: object, extra?: object): Promise<Message>;
  health(): Promise<Health>;
  rollouts(): Promise<number>;
  /** Resolves with the health that shows it. */
  untilHealth(
    what: string,
    fact: (health: Health) => boolean,
    ms?: number,
  ): Promise<Health>;
  endInput(): void;
  onMessage(listener: (message: Message) => void): void;
}

export interface ClientOptions {
  readonly command: string;
  readonly environment: Record<string, string>;
  readonly cwd: string;
  readonly clientName?: string;
}

export async function startClient(
  options: ClientOptions,
): Promise<RolloutClient> {
  const client = spawnClient(options);
  await client.request("initialize", "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: options.clientName ?? "claude-code", version: "0" },
  });
  await client.send({ method: "notifications/initialized" });
  return client;
}

/** The same, for a host that may not answer. */
export function spawnClient(options: ClientOptions): RolloutClient {
  const child = Bun.spawn([options.command, "mcp", "serve"], {
    cwd: options.cwd,
    env: options.environment,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const messages: Message[] = [];
  const answers = new Map<Id, number>();
  const garbage: string[] = [];
  const pending = new Map<Id, PromiseWithResolvers<Message>>();
  const listeners: ((message: Message) => void)[] = [];
  let stderr = "";
  let calls = 0;

  const take = (line: string) => {
    const parsed = messageSchema.safeParse(parseOrNothing(line));
    if (!parsed.success) return void garbage.push(line);
    const message = parsed.data;
    messages.push(message);
    if (message.id !== undefined) {
      answers.set(message.id, (answers.get(message.id) ?? 0) + 1);
      pending.get(message.id)?.resolve(message);
      pending.delete(message.id);
    }
    for (const listener of listeners) listener(message);
  };
  let isOver = false;
  const ended = () =>
    new Error(`the host ended without an answer; it said: ${stderr}`);
  const reading = readLines(child.stdout, take).then(() => {
    isOver = true;
    for (const { reject } of pending.values()) reject(ended());
  });
  const complaints = readLines(child.stderr, (line) => {
    stderr += `${line}\n`;
  });

  const send = async (message: object) => {
    const line = `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
    await child.stdin.write(line);
    await child.stdin.flush();
  };
  const request = async (id: Id, method: string, params?: object) => {
    if (isOver) throw ended();
    const answer = Promise.withResolvers<Message>();
    pending.set(id, answer);
    await send({ id, method, ...(params === undefined ? {} : { params }) });
    return answer.promise;
  };
  const call = (name: string, arguments_: object = {}, extra: object = {}) => {
    calls += 1;
    const params = { name, arguments: arguments_, ...extra };
    return request(`${name} ${calls}`, "tools/call", params);
  };
  const read = async (name: string) =>
    (await call(name, { render: "json", detail: "full" })).result
      ?.structuredContent;
  const health = async () => healthSchema.parse(await read("health_snapshot"));

  return {
    pid: child.pid,
    exited: child.exited,
    messages,
    answers,
    garbage,
    stderr: () => stderr,
    send,
    request,
    call,
    health,
    rollouts: async () =>
      telemetrySchema.parse(await read("telemetry_snapshot")).host_rollouts,
    untilHealth: async (what, fact, ms = 20_000) => {
      const end = performance.now() + ms;
      for (;;) {
        const now = await health();
        if (fact(now)) return now;
        if (performance.now() > end) {
          throw new Error(`never ${what}: ${JSON.stringify(now)}; ${stderr}`);
        }
        await Bun.sleep(20);
      }
    },
    endInput: () => void child.stdin.end(),
    onMessage: (listener) => void listeners.push(listener),
    [Symbol.asyncDispose]: async () => {
      void child.stdin.end();
      // One that a test has broken must not hold up the tests after it.
      const takeBack = setTimeout(() => child.kill("SIGKILL"), 5000);
      await child.exited;
      clearTimeout(takeBack);
      await Promise.all([reading, complaints]);
    },
  };
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

function parseOrNothing(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Ids that were not answered exactly once. */
export function miscounted(
  client: Pick<RolloutClient, "answers">,
  ids: Iterable<Id>,
): Id[] {
  return [...ids].filter((id) => client.answers.get(id) !== 1);
}
