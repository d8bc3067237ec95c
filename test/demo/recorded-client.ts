// The SDK's own client on `phone-opus mcp serve`, with every frame of the session written down on its way.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { z } from "zod";

const frameSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.looseObject({}).optional(),
  result: z.looseObject({}).optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});
type Frame = z.infer<typeof frameSchema>;

export interface RecordedFrame {
  readonly direction: "sent" | "received";
  readonly atMs: number;
  readonly frame: Frame;
}

export interface Started {
  readonly command: string;
  readonly cwd: string;
  readonly environment: Record<string, string>;
}

export async function connectRecorded(started: Started) {
  const { command, cwd, environment: env } = started;
  const frames: RecordedFrame[] = [];
  const startedMs = performance.now();
  const record = (direction: "sent" | "received", message: unknown): void => {
    const atMs = performance.now() - startedMs;
    frames.push({ direction, atMs, frame: frameSchema.parse(message) });
  };
  const transport = new StdioClientTransport({
    command,
    args: ["mcp", "serve"],
    cwd,
    env,
    stderr: "inherit",
  });
  const send = transport.send.bind(transport);
  transport.send = async (message) => {
    record("sent", message);
    await send(message);
  };
  // The client calls a handler that is already there before its own.
  transport.onmessage = (message) => record("received", message);
  const client = new Client({ name: "phone-opus-demo", version: "1.0.0" });
  await client.connect(transport);
  return {
    client,
    frames,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The requests of a session, each with the answer to it. */
export function exchanges(frames: readonly RecordedFrame[]) {
  return frames.flatMap((request) => {
    const { id, method } = request.frame;
    if (request.direction !== "sent" || method === undefined) return [];
    const answer = frames.find(
      ({ direction, frame }) =>
        id !== undefined &&
        direction === "received" &&
        frame.id === id &&
        frame.method === undefined,
    );
    return [{ method, request, answer }];
  });
}
