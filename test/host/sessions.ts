// A session that is initialised, and messages to it.

import {
  type Admission,
  createSession,
  type Session,
} from "../../src/host/session.ts";

export const initialize = {
  jsonrpc: "2.0",
  id: "init",
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  },
};
export const modernMeta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

export function request(id: unknown, method: string, params?: unknown) {
  return { jsonrpc: "2.0", id, method, ...(params ? { params } : {}) };
}

export function initialized(): Session {
  const session = createSession();
  session.admit(initialize, 0, "");
  session.settle({ jsonrpc: "2.0", id: "init", result: {} });
  return session;
}

/** What a test needs to know of an admission, on one line. */
export function verdict(admission: Admission): string {
  switch (admission.kind) {
    case "ignore":
      return "ignore";
    case "pass":
      return `pass ${admission.operation ?? "notification"}`;
    case "refuse":
      return `refuse ${JSON.stringify(admission.id)} ${admission.fault.jsonrpc_code}`;
  }
}
