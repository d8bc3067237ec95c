// The compiled host, driven by hand: every line it prints is JSON-RPC, and every test
// can wait for the answer to an id.

import { z } from "zod";
import { startPiped, compiled, type Piped } from "../process/piped.ts";
import { eventually } from "../process/eventually.ts";
import type { Sandbox } from "../process/sandbox.ts";

const idSchema = z.union([z.string(), z.number(), z.null()]);
const answerSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: idSchema,
  result: z.record(z.string(), z.unknown()).optional(),
  error: z
    .strictObject({ code: z.int(), message: z.string(), data: z.unknown() })
    .partial({ data: true })
    .optional(),
});
const notificationSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});
export type Answer = z.infer<typeof answerSchema>;
type Notification = z.infer<typeof notificationSchema>;
type Id = z.infer<typeof idSchema>;

export interface DrivenHost extends AsyncDisposable {
  readonly piped: Piped;
  /** Everything printed so far, in order. */
  printed(): readonly (Answer | Notification)[];
  answers(): Answer[];
  progress(): Notification[];
  request(id: Id, method: string, params?: unknown): Promise<void>;
  notify(method: string, params?: unknown): Promise<void>;
  call(id: Id, tool: string, args: unknown, meta?: unknown): Promise<void>;
  answer(id: Id): Promise<Answer>;
  initialize(protocolVersion?: string): Promise<Answer>;
}

export function startHost(
  sandbox: Sandbox,
  environment: Readonly<Record<string, string>>,
): DrivenHost {
  const piped = startPiped({
    command: [...compiled, "mcp", "serve"],
    cwd: sandbox.project,
    environment,
  });
  const parsed: (Answer | Notification)[] = [];
  const printed = () => {
    for (const line of piped.lines().slice(parsed.length)) {
      parsed.push(
        z.union([answerSchema, notificationSchema]).parse(JSON.parse(line)),
      );
    }
    return parsed;
  };
  const answers = () => printed().filter((each) => "id" in each);
  const answer = (id: Id) =>
    eventually(`request ${JSON.stringify(id)} is answered`, () =>
      answers().find((each) => each.id === id),
    );
  const request = (id: Id, method: string, params?: unknown) =>
    piped.send({ jsonrpc: "2.0", id, method, params });
  const notify = (method: string, params?: unknown) =>
    piped.send({ jsonrpc: "2.0", method, params });
  return {
    piped,
    printed,
    answers,
    progress: () =>
      printed()
        .filter((each) => "method" in each)
        .filter(({ method }) => method === "notifications/progress"),
    request,
    notify,
    call: (id, name, args, meta) =>
      request(id, "tools/call", { name, arguments: args, _meta: meta }),
    answer,
    initialize: async (protocolVersion = "2025-11-25") => {
      await request("initialize", "initialize", {
        protocolVersion,
        capabilities: {},
        clientInfo: { name: "test", version: "1" },
      });
      const answered = await answer("initialize");
      await notify("notifications/initialized");
      return answered;
    },
    [Symbol.asyncDispose]: () => piped[Symbol.asyncDispose](),
  };
}

const toolResultSchema = z.object({
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});
export type ToolResult = z.infer<typeof toolResultSchema>;

export function toolResult(value: unknown): ToolResult {
  return toolResultSchema.parse(value);
}

/** The text of a tool result, of all its parts together. */
export function textOf(value: unknown): string {
  return toolResult(value)
    .content.map(({ text }) => text)
    .join("\n");
}
