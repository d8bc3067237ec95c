// The clients that real agents build on, each connected to the compiled host over
// stdio, behind the few calls that the tests need.

import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { z } from "zod";
import type { JsonObject } from "../../src/base/json.ts";
import { compiled } from "../process/piped.ts";
import type { Sandbox } from "../process/sandbox.ts";
import { type ToolResult, toolResult } from "./host.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The client's own time limit, in milliseconds. */
  readonly timeout?: number;
  readonly onprogress?: (progress: ReportedProgress) => void;
}
interface ReportedProgress {
  readonly progress: number;
  readonly message?: string | undefined;
}

export interface ConnectedClient extends AsyncDisposable {
  readonly protocolVersion: string | undefined;
  readonly instructions: string | undefined;
  readonly server: { readonly name: string; readonly version: string };
  readonly capabilities: unknown;
  listTools(): Promise<readonly JsonObject[]>;
  callTool(
    name: string,
    args?: JsonObject,
    options?: CallOptions,
  ): Promise<ToolResult>;
  listResources(): Promise<readonly JsonObject[]>;
  listResourceTemplates(): Promise<readonly JsonObject[]>;
  readResource(uri: string): Promise<ResourcePage>;
}

const readSchema = z.object({
  contents: z.tuple([
    z.object({
      uri: z.string(),
      mimeType: z.string(),
      text: z.string(),
      _meta: z.object({ page: z.int(), pages: z.int() }),
    }),
  ]),
});
export type ResourcePage = z.infer<typeof readSchema>["contents"][0];

export interface ClientKind {
  readonly client: string;
  /** The protocol revision that it ends up with. */
  readonly speaks: string;
  readonly connect: (
    sandbox: Sandbox,
    environment: Readonly<Record<string, string>>,
    /** The binary, if it is another than the one of `dist`. */
    command?: string,
  ) => Promise<ConnectedClient>;
}

const name = { name: "phone-opus-test", version: "1.0.0" };

function server(
  sandbox: Sandbox,
  environment: Record<string, string>,
  binary: string | undefined,
) {
  const host = binary === undefined ? compiled : [binary];
  const [command, ...args] = [...host, "mcp", "serve"];
  return {
    command,
    args,
    env: environment,
    cwd: sandbox.project,
    stderr: "ignore" as const,
    maxBufferSize: 64 << 20,
  };
}

const sdk1: ClientKind = {
  client: "SDK v1",
  speaks: "2025-11-25",
  connect: async (sandbox, environment, command) => {
    const transport = new StdioClientTransport(
      server(sandbox, { ...environment }, command),
    );
    const versions: string[] = [];
    const client = new Client(name);
    Object.assign(transport, {
      setProtocolVersion: (version: string) => versions.push(version),
    });
    await client.connect(transport);
    const { name: serverName = "", version = "" } =
      client.getServerVersion() ?? {};
    return {
      protocolVersion: versions[0],
      instructions: client.getInstructions(),
      server: { name: serverName, version },
      capabilities: client.getServerCapabilities(),
      listTools: async () => (await client.listTools()).tools,
      callTool: async (tool, args = {}, options = {}) =>
        toolResult(
          await client.callTool(
            { name: tool, arguments: args },
            undefined,
            options,
          ),
        ),
      listResources: async () => (await client.listResources()).resources,
      listResourceTemplates: async () =>
        (await client.listResourceTemplates()).resourceTemplates,
      readResource: async (uri) =>
        readSchema.parse(await client.readResource({ uri })).contents[0],
      [Symbol.asyncDispose]: () => client.close(),
    };
  },
};

type Negotiation = NonNullable<
  ConstructorParameters<typeof ModernClient>[1]
>["versionNegotiation"];

function sdk2(
  client: string,
  speaks: string,
  versionNegotiation?: Negotiation,
): ClientKind {
  return {
    client,
    speaks,
    connect: async (sandbox, environment, command) => {
      const modern = new ModernClient(
        name,
        versionNegotiation === undefined ? {} : { versionNegotiation },
      );
      await modern.connect(
        new ModernStdio(server(sandbox, { ...environment }, command)),
      );
      const { name: serverName = "", version = "" } =
        modern.getServerVersion() ?? {};
      return {
        protocolVersion: modern.getNegotiatedProtocolVersion(),
        instructions: modern.getInstructions(),
        server: { name: serverName, version },
        capabilities: modern.getServerCapabilities(),
        listTools: async () => (await modern.listTools()).tools,
        callTool: async (tool, args = {}, options = {}) =>
          toolResult(
            await modern.callTool({ name: tool, arguments: args }, options),
          ),
        listResources: async () => (await modern.listResources()).resources,
        listResourceTemplates: async () =>
          (await modern.listResourceTemplates()).resourceTemplates,
        readResource: async (uri) =>
          readSchema.parse(await modern.readResource({ uri })).contents[0],
        [Symbol.asyncDispose]: () => modern.close(),
      };
    },
  };
}

export const clientKinds: readonly ClientKind[] = [
  sdk1,
  sdk2("SDK v2", "2025-11-25"),
  sdk2("SDK v2, negotiating", "2026-07-28", { mode: "auto" }),
  sdk2("SDK v2, pinned", "2026-07-28", { mode: { pin: "2026-07-28" } }),
];
