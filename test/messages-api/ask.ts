// Asks the scripted Messages API the way Claude Code's main loop does, for the tests of the API itself.

import type { MessagesApi } from "../../src/messages-api/messages-api.ts";

const tools = [{ name: "Read", input_schema: { type: "object" } }];

/** POST /v1/messages with tools and a stream; `fields` go over the body, `init` over the request. */
export async function ask(
  api: MessagesApi,
  fields: object = {},
  init: RequestInit = {},
): Promise<Response> {
  const body = {
    model: "claude-asked",
    max_tokens: 100,
    tools,
    messages: [],
    stream: true,
    ...fields,
  };
  return await fetch(`${api.url}/v1/messages?beta=true`, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
  });
}
