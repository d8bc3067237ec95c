// The tools around consults on a keeper that the test plays.

import { createFakeClock } from "../helpers/clock.ts";
import { createInvocations } from "../../src/host/invocations.ts";
import { createConsultTools } from "../../src/host/consult-tools.ts";
import type { ToolCall } from "../../src/host/dispatch.ts";
import type { ToolResult } from "../../src/render/tool-result.ts";
import { consulting } from "./consulting.ts";

export const text = { render: "porcelain", detail: "concise" } as const;
export const json = { render: "json", detail: "concise" } as const;

export function startTools() {
  const session = consulting();
  const concluded: string[] = [];
  const tools = createConsultTools({
    consults: session.consults,
    ledger: session.place.ledger,
    invocations: createInvocations({
      newConsultId: () => session.place.spool().id,
      clock: createFakeClock(),
    }),
    waitMs: ({ clientName }) => (clientName === "hasty" ? 1000 : Infinity),
    onConcluded: ({ requestId }, id) => concluded.push(`${requestId} ${id}`),
  });
  const call = (changes: Partial<ToolCall> = {}): ToolCall => ({
    requestId: 9,
    clientName: "patient",
    name: "consult",
    arguments: {},
    signal: new AbortController().signal,
    onProgress: () => {},
    ...changes,
  });
  return { ...session, session, concluded, tools, call };
}

export const textOf = ({ content }: ToolResult) =>
  content.map((each) => each.text).join("\n");
