// A session with the compiled binary through the SDK's client, whose host process can
// be seen, killed and reloaded.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { z } from "zod";
import { binary, childrenOf } from "../chaos/session.ts";

export const resultSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
});
export type CallResult = z.infer<typeof resultSchema>;

const faultSchema = z.looseObject({
  fault: z.looseObject({
    code: z.string(),
    detail: z.string(),
    reason: z.string().optional(),
  }),
  retry_at_unix_ms: z.int().optional(),
});
const healthSchema = z.looseObject({
  generation: z.int(),
  restart_count: z.int(),
  worker_phase: z.string(),
  worker_alive: z.boolean(),
  breaker: z.string(),
  last_fault: z.looseObject({ code: z.string() }).nullable(),
  running: z.array(
    z.looseObject({ progress: z.string(), queue_position: z.int() }),
  ),
});
const telemetrySchema = z.looseObject({
  restart_count: z.int(),
  totals: z.looseObject({ retry_count: z.int() }),
});

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

export type Connection = Awaited<ReturnType<typeof connect>>;

export async function connect(
  environment: Record<string, string>,
  cwd: string,
  command = binary,
) {
  const client = new Client({ name: "claude-code", version: "0" });
  const transport = new StdioClientTransport({
    command,
    args: ["mcp", "serve"],
    cwd,
    env: environment,
    stderr: "ignore",
  });
  await client.connect(transport);
  const pid = transport.pid ?? 0;
  const call = async (
    name: string,
    arguments_: Record<string, unknown>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<CallResult> =>
    resultSchema.parse(
      await client.callTool({ name, arguments: arguments_ }, undefined, {
        timeout: 60_000,
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : { onprogress: ({ message }) => onProgress(message ?? "") }),
      }),
    );
  const read = async (name: string) =>
    (await call(name, { render: "json", detail: "full" })).structuredContent;
  return {
    pid,
    call,
    consult: (prompt: string, options?: CallOptions) =>
      call("consult", { prompt, render: "json" }, options),
    health: async () => healthSchema.parse(await read("health_snapshot")),
    telemetry: async () =>
      telemetrySchema.parse(await read("telemetry_snapshot")),
    workers: () => childrenOf(pid),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The fault of a call that failed. */
export function faultOf(result: CallResult) {
  if (result.isError !== true) throw new Error(JSON.stringify(result));
  return faultSchema.parse(result.structuredContent);
}

export function responseOf(result: CallResult): unknown {
  if (result.isError === true) throw new Error(JSON.stringify(result));
  return result.structuredContent?.["response"];
}

/** `phone-opus` with these words, to its end. */
export async function run(
  environment: Record<string, string>,
  cwd: string,
  ...words: string[]
) {
  const child = Bun.spawn([binary, ...words], {
    cwd,
    env: environment,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}
