// The scripted Messages API, asked by plain requests.

import { expect, test } from "bun:test";
import { z } from "zod";
import { ask } from "./ask.ts";
import { startMessagesApi } from "../../src/messages-api/messages-api.ts";

const eventSchema = z.looseObject({
  type: z.string(),
  message: z.looseObject({ model: z.string() }).optional(),
  content_block: z
    .looseObject({ type: z.string(), name: z.string().optional() })
    .optional(),
  delta: z
    .looseObject({
      text: z.string().optional(),
      partial_json: z.string().optional(),
      stop_reason: z.string().optional(),
    })
    .optional(),
});

async function eventsOf(
  response: Response,
): Promise<z.infer<typeof eventSchema>[]> {
  const lines = (await response.text())
    .split("\n")
    .filter((line) => line.startsWith("data: "));
  return lines.map((line) =>
    eventSchema.parse(JSON.parse(line.slice("data: ".length))),
  );
}

test("streams a text in pieces, with thinking, model, stop reason and pace", async () => {
  const text = "One answer, longer than a piece 🎺 and then some more.";
  await using api = startMessagesApi([
    {
      kind: "text",
      text,
      thinking: "hm",
      model: "claude-said",
      stopReason: "max_tokens",
      chunkDelayMs: 1,
    },
  ]);
  const events = await eventsOf(await ask(api));
  expect(events.map((event) => event.delta?.text ?? "").join("")).toBe(text);
  expect(events[0]?.message?.model).toBe("claude-said");
  expect(events.flatMap((event) => event.content_block?.type ?? [])).toEqual([
    "thinking",
    "text",
  ]);
  expect(events.at(-2)?.delta?.stop_reason).toBe("max_tokens");
  expect(events.at(-1)?.type).toBe("message_stop");
});

test("answers in one JSON message when no stream is asked for", async () => {
  await using api = startMessagesApi([
    { kind: "text", text: "Whole", usage: { output_tokens: 7 } },
  ]);
  expect(await (await ask(api, { stream: false })).json()).toMatchObject({
    model: "claude-asked",
    content: [{ type: "text", text: "Whole" }],
    stop_reason: "end_turn",
    usage: { output_tokens: 7 },
  });
});

test("steps through its script, repeats the last one, and calls tools", async () => {
  await using api = startMessagesApi([
    {
      kind: "tool",
      text: "Look:",
      calls: [
        { name: "Read", input: { file_path: "a" } },
        { name: "Glob", input: {} },
      ],
    },
    { kind: "text", text: "Done" },
  ]);
  const first = await eventsOf(await ask(api));
  expect(first.flatMap((event) => event.content_block?.name ?? [])).toEqual([
    "Read",
    "Glob",
  ]);
  expect(first.flatMap((event) => event.delta?.partial_json ?? [])).toEqual([
    '{"file_path":"a"}',
    "{}",
  ]);
  expect(first.at(-2)?.delta?.stop_reason).toBe("tool_use");
  await ask(api);
  expect(await (await ask(api)).text()).toContain("Done");
  expect(api.requests).toHaveLength(3);
  expect(api.requests[0]?.path).toBe("/v1/messages?beta=true");
});

test("lets a function choose the step", async () => {
  await using api = startMessagesApi((request, index) => ({
    kind: "text",
    text: `${request.body.model} ${index}`,
  }));
  await ask(api);
  expect(await (await ask(api, { model: "m" })).text()).toContain("m 1");
});

test("answers an error with its status, type and headers", async () => {
  await using api = startMessagesApi([
    {
      kind: "error",
      status: 529,
      type: "overloaded_error",
      message: "Overloaded",
      headers: { "retry-after": "1" },
    },
  ]);
  const response = await ask(api);
  expect(response.status).toBe(529);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({
    error: { type: "overloaded_error", message: "Overloaded" },
  });
});

test("hangs until it is stopped", async () => {
  const api = startMessagesApi([{ kind: "hang" }]);
  const pending = ask(api).then(
    () => "released",
    () => "released",
  );
  await api.received(1);
  expect(
    await Promise.race([pending, Bun.sleep(50).then(() => "hanging")]),
  ).toBe("hanging");
  await api.stop();
  expect(await pending).toBe("released");
  expect(api.disconnects).toBe(0);
});

test("stalls in mid-stream and notices that the client has left", async () => {
  await using api = startMessagesApi([{ kind: "stall", text: "Begun" }]);
  const leaving = new AbortController();
  const response = await ask(api, {}, { signal: leaving.signal });
  const reader = response.body
    ?.pipeThrough(new TextDecoderStream())
    .getReader();
  let seen = "";
  while (!seen.includes("Begun")) {
    seen += (await reader?.read())?.value ?? "";
  }
  expect(seen).not.toContain("message_stop");
  leaving.abort();
  for (let tries = 0; tries < 100 && api.disconnects === 0; tries += 1) {
    await Bun.sleep(10);
  }
  expect(api.disconnects).toBe(1);
});

test("spends no step on side requests, and answers everything else", async () => {
  await using api = startMessagesApi([{ kind: "text", text: "Main" }], {
    side: [{ kind: "text", text: "Aside" }],
  });
  const searching = {
    tools: [{ name: "web_search", type: "web_search_20250305" }],
  };
  for (const fields of [{ tools: [] }, { max_tokens: 1 }, searching]) {
    expect(await (await ask(api, fields)).text()).toContain("Aside");
  }
  expect(
    await (
      await ask(api, {}, { headers: { "x-claude-code-agent-id": "a" } })
    ).text(),
  ).toContain("Aside");
  expect(
    await (await ask(api, { tools: [], context_management: {} })).text(),
  ).toContain("Main");
  expect([api.sideRequests.length, api.requests.length]).toEqual([4, 1]);

  const count = await fetch(`${api.url}/v1/messages/count_tokens`, {
    method: "POST",
    body: "{}",
  });
  expect(await count.json()).toEqual({ input_tokens: 100 });
  expect((await fetch(api.url, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(`${api.url}/api/hello`)).status).toBe(404);
  expect(api.otherRequests).toEqual([
    "POST /v1/messages/count_tokens",
    "HEAD /",
    "GET /api/hello",
  ]);
});
