// The face of the host towards MCP, in both eras of the protocol: the library decides
// by the opening message which one a connection speaks. No policy.

import {
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { faultRecord } from "../base/fault.ts";
import { version } from "../base/version.ts";
import { describeTool, toolSpecs } from "../tools/catalog.ts";
import { serverInstructions } from "../tools/instructions.ts";
import type { WireProgress } from "../wire/messages.ts";
import { argumentsOf, type Dispatch } from "./dispatch.ts";

export interface McpOptions {
  readonly transport: Transport;
  readonly dispatch: Dispatch;
  readonly onError: (error: Error) => void;
}

export function serveMcp({ transport, dispatch, onError }: McpOptions): void {
  serveStdio(() => createServer(dispatch), { transport, onerror: onError });
}

function createServer(dispatch: Dispatch): Server {
  const server = new Server(
    { name: "phone-opus", title: "phone-opus", version },
    {
      capabilities: { tools: { listChanged: false } },
      instructions: serverInstructions,
    },
  );
  server.setRequestHandler("tools/list", () => ({
    tools: toolSpecs.map(describeTool),
  }));
  server.setRequestHandler("tools/call", async (request, context) => ({
    ...(await dispatch({
      name: request.params.name,
      arguments: argumentsOf(request.params.arguments),
      signal: context.mcpReq.signal,
      onProgress: progressSender(context),
    })),
  }));
  server.fallbackRequestHandler = ({ method }) => {
    const detail = `There is no method ${method}: see tools/list for what this server offers.`;
    const fault = faultRecord({
      code: "invalid_input",
      stage: "protocol",
      operation: method,
      detail,
    });
    const code = ProtocolErrorCode.MethodNotFound;
    throw new ProtocolError(code, detail, { ...fault, jsonrpc_code: code });
  };
  return server;
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
