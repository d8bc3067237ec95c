// A value or a fault as the result of `tools/call`. One representation each: real
// clients show their model structuredContent alone wherever both are given.

import type { FaultRecord } from "../base/fault.ts";
import type { JsonObject } from "../base/json.ts";
import type { Presentation } from "../tools/presentation.ts";

export interface TextContent {
  readonly type: "text";
  readonly text: string;
}

export interface ToolResult {
  readonly content: TextContent[];
  readonly structuredContent?: JsonObject;
  readonly isError: boolean;
}

export interface Rendering {
  readonly text: () => string;
  readonly json: () => JsonObject;
}

export function toolResult(
  { render }: Presentation,
  rendering: Rendering,
): ToolResult {
  if (render === "porcelain") {
    return { content: [text(rendering.text())], isError: false };
  }
  const json = rendering.json();
  // As text too, for clients that know no structured content.
  return {
    content: [text(JSON.stringify(json))],
    structuredContent: json,
    isError: false,
  };
}

export function faultResult(fault: FaultRecord): ToolResult {
  const { partial_response: partial } = fault;
  const heading =
    fault.fault.code === "tree_changed" ? "The answer" : "Written so far";
  return {
    content: [
      text(faultText(fault)),
      // Some clients show only the content of an error, and this was paid for.
      ...(partial === undefined ? [] : [text(`${heading}:\n${partial}`)]),
    ],
    structuredContent: { ...fault },
    isError: true,
  };
}

/** The sentence of the fault, with what can be resumed. */
export function faultText(fault: FaultRecord): string {
  const { detail } = fault.fault;
  return fault.session_id === undefined
    ? detail
    : `${detail} (session ${fault.session_id})`;
}

function text(value: string): TextContent {
  return { type: "text", text: value };
}
