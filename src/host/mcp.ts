// The face of the host towards MCP, in both eras of the protocol: the library decides
// by the opening message which one a connection speaks. No policy.

import {
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
import { faultRecord } from "../base/fault.ts";
import { version } from "../base/version.ts";
import type { LedgerOptions } from "../consult/ledger.ts";
import { describeTool, toolSpecs } from "../tools/catalog.ts";
import { serverInstructions } from "../tools/instructions.ts";
import type { WireProgress } from "../wire/messages.ts";
import type { ShownTool } from "./capsule.ts";
import { type ClientRoots, rootListSchema } from "./client-roots.ts";
import { argumentsOf, type Dispatch } from "./dispatch.ts";
import { listResources, readResource, resourceTemplate } from "./resources.ts";

export interface McpOptions {
  readonly transport: Transport;
  readonly dispatch: Dispatch;
  /** Where the answers that resources show are kept. */
  readonly ledger: LedgerOptions;
  /** The client was shown these. */
  readonly onToolsListed: (tools: ShownTool[]) => void;
  /** The client has roots; `list` asks it for them. */
  readonly onRoots: ClientRoots["ask"];
  readonly onError: (error: Error) => void;
}

export interface McpFace {
  /** Tells the client that tools/list would answer otherwise now. */
  announceTools(): void;
}

export function serveMcp(options: McpOptions): McpFace {
  const { transport, onError } = options;
  let server: Server | undefined;
  const create = () => (server = createServer(options));
  serveStdio(create, { transport, onerror: onError });
  return {
    announceTools: () => {
      server?.sendToolListChanged().catch(onError);
    },
  };
}

/** Every tool as `tools/list` shows it. */
export function offeredTools() {
  return toolSpecs.map(describeTool);
}

function createServer(options: McpOptions): Server {
  const { dispatch, ledger, onError } = options;
  const server = new Server(
    { name: "phone-opus", title: "phone-opus", version },
    {
      capabilities: { tools: { listChanged: true }, resources: {} },
      instructions: serverInstructions,
    },
  );
  let tools: ReturnType<typeof describeTool>[] | undefined;
  server.setRequestHandler("tools/list", () => {
    // Once, and not before it is asked for: schemas take their time.
    tools ??= offeredTools();
    options.onToolsListed(tools);
    return { tools };
  });
  server.setRequestHandler("tools/call", async (request, context) => ({
    ...(await dispatch({
      requestId: context.mcpReq.id,
      clientName: clientNameOf(server, context),
      name: request.params.name,
      arguments: argumentsOf(request.params.arguments),
      signal: context.mcpReq.signal,
      onProgress: progressSender(context),
    })),
  }));
  server.setRequestHandler("resources/list", () => ({
    resources: listResources(ledger, (line) => onError(new Error(line))),
  }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [resourceTemplate],
  }));
  server.setRequestHandler("resources/read", ({ params }) => {
    const { uri } = params;
    const read = readResource(uri, ledger.consultsDirectory);
    if (!read.ok) throw protocolError("resources/read", read.problem);
    const { text, page, pages } = read;
    const mimeType = resourceTemplate.mimeType;
    return { contents: [{ uri, mimeType, text, _meta: { page, pages } }] };
  });
  followRoots(server, options.onRoots);
  server.fallbackRequestHandler = ({ method }) => {
    throw protocolError(
      method,
      `There is no method ${method}: see tools/list for what this server offers.`,
      ProtocolErrorCode.MethodNotFound,
    );
  };
  return server;
}

/** In the newest revision there are none, and no initialisation either. */
function followRoots(server: Server, onRoots: McpOptions["onRoots"]): void {
  const ask = () => {
    if (server.getClientCapabilities()?.roots === undefined) return;
    onRoots(() => server.request({ method: "roots/list" }, rootListSchema));
  };
  server.oninitialized = ask;
  server.setNotificationHandler("notifications/roots/list_changed", ask);
}

function protocolError(
  operation: string,
  detail: string,
  code = ProtocolErrorCode.InvalidParams,
): ProtocolError {
  const fault = faultRecord({
    code: "invalid_input",
    stage: "protocol",
    operation,
    detail,
  });
  return new ProtocolError(code, detail, { ...fault, jsonrpc_code: code });
}

const envelopeSchema = z.looseObject({
  [CLIENT_INFO_META_KEY]: z.looseObject({ name: z.string() }),
});

/** Given once at initialisation, or in the newest revision with each request. */
function clientNameOf(
  server: Server,
  context: ServerContext,
): string | undefined {
  const envelope = envelopeSchema.safeParse(context.mcpReq.envelope).data;
  return (
    envelope?.[CLIENT_INFO_META_KEY].name ?? server.getClientVersion()?.name
  );
}

/** Progress goes only to a client that asked for it by sending a token. */
function progressSender(
  context: ServerContext,
): (progress: WireProgress) => void {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => {};
  return ({ elapsed_ms, message }) => {
    if (context.mcpReq.signal.aborted) return;
    const params = { progressToken, progress: elapsed_ms / 1000, message };
    context.mcpReq
      .notify({ method: "notifications/progress", params })
      .catch(() => {
        // The connection closed meanwhile: nobody is there to be told.
      });
  };
}
