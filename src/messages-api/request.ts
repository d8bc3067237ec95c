// One recorded request to the scripted Messages API, and how Claude Code's main loop is told apart from what
// it asks on the side.

import { z } from "zod";

const bodySchema = z.looseObject({
  model: z.string().default("claude-unknown"),
  stream: z.boolean().default(false),
  max_tokens: z.number().optional(),
  tools: z
    .array(
      z.looseObject({
        name: z.string().optional(),
        type: z.string().optional(),
      }),
    )
    .default([]),
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.unknown().optional() }))
    .default([]),
  system: z.unknown().optional(),
  context_management: z.unknown().optional(),
});

export type RequestBody = z.infer<typeof bodySchema>;

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
}

export async function record(request: Request): Promise<RecordedRequest> {
  const url = new URL(request.url);
  const text = await request.text();
  return {
    method: request.method,
    path: url.pathname + url.search,
    headers: Object.fromEntries(request.headers.entries()),
    body: bodySchema.parse(text === "" ? {} : JSON.parse(text)),
  };
}

/**
 * Whether Claude Code asked this beside its main loop. Seen on 2.1.329: the main loop carries tools of its own, and
 * `context_management` even with `--tools ""`; a web search carries one server tool (a tool with a `type`) and no
 * `context_management`; a subagent names itself in a header; a compaction looks like the main loop and counts as it.
 * Not seen there, known from other versions: titles and page summaries carry no tools, a probe asks for one token.
 */
export function isSide({ body, headers }: RecordedRequest): boolean {
  const ownTools = body.tools.some(
    (tool) => tool.type === undefined || tool.type === "custom",
  );
  const mainLoop = ownTools || body.context_management !== undefined;
  return (
    !mainLoop ||
    body.max_tokens === 1 ||
    headers["x-claude-code-agent-id"] !== undefined
  );
}
