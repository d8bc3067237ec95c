// A tool call to its result: arguments checked, carried out by the host itself or by
// the worker, presented as asked. Whatever goes wrong is a fault in the result.

import { z } from "zod";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import type { RequestId } from "../base/ids.ts";
import { type JsonObject, jsonObjectSchema } from "../base/json.ts";
import { healthText, telemetryText } from "../render/porcelain.ts";
import { projectHealth, projectTelemetry } from "../render/projection.ts";
import {
  faultResult,
  type ToolResult,
  toolResult,
} from "../render/tool-result.ts";
import { findTool, type ToolName, toolSpecs } from "../tools/catalog.ts";
import { consultArgumentsSchema } from "../tools/consult.ts";
import {
  cancelArgumentsSchema,
  listArgumentsSchema,
  waitArgumentsSchema,
} from "../tools/custody.ts";
import {
  type HealthSnapshot,
  snapshotArgumentsSchema,
  type TelemetrySnapshot,
} from "../tools/snapshots.ts";
import type { WireProgress } from "../wire/messages.ts";
import type { ConsultTools } from "./consult-tools.ts";

export interface ToolCall {
  readonly requestId: RequestId;
  readonly clientName: string | undefined;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WireProgress) => void;
}

export interface DispatchOptions {
  readonly consultTools: ConsultTools;
  readonly health: () => HealthSnapshot;
  readonly telemetry: () => TelemetrySnapshot;
  /** Why the client's roots forbid this directory; undefined where they do not. */
  readonly rootProblem: (
    call: ToolCall,
    cwd: string | undefined,
  ) => Promise<string | undefined>;
  /** Why consults cannot be taken at all, e.g. a bad environment variable. */
  readonly configurationProblem: string | undefined;
}

export type Dispatch = (call: ToolCall) => Promise<ToolResult>;

export function createDispatch(options: DispatchOptions): Dispatch {
  const { consultTools } = options;

  const consult = async (call: ToolCall): Promise<ToolResult> => {
    const parsed = parseArguments("consult", consultArgumentsSchema, call);
    if (!parsed.ok) return faultResult(parsed.fault);
    if (options.configurationProblem !== undefined) {
      return faultResult(invalid("consult", options.configurationProblem));
    }
    const rootProblem = await options.rootProblem(call, parsed.value.cwd);
    if (rootProblem !== undefined) {
      return faultResult(invalid("consult", rootProblem));
    }
    return consultTools.consult(call, parsed.value);
  };

  const checked = <T>(
    name: ToolName,
    schema: z.ZodType<T>,
    call: ToolCall,
    carryOut: (value: T) => ToolResult | Promise<ToolResult>,
  ) => {
    const parsed = parseArguments(name, schema, call);
    return parsed.ok ? carryOut(parsed.value) : faultResult(parsed.fault);
  };

  const snapshot = <T>(
    name: ToolName,
    call: ToolCall,
    read: () => T,
    text: (value: T, detail: "concise" | "full") => string,
    json: (value: T, detail: "concise" | "full") => JsonObject,
  ): ToolResult => {
    const parsed = parseArguments(name, snapshotArgumentsSchema, call);
    if (!parsed.ok) return faultResult(parsed.fault);
    const { detail } = parsed.value;
    const value = read();
    return toolResult(parsed.value, {
      text: () => text(value, detail),
      json: () => json(value, detail),
    });
  };

  return async (call) => {
    const tool = findTool(call.name);
    if (tool === undefined) {
      return faultResult(
        invalid(
          call.name,
          `There is no tool ${JSON.stringify(call.name)}: call one of ${toolSpecs.map(({ name }) => name).join(", ")}.`,
        ),
      );
    }
    switch (tool.name) {
      case "consult":
        return consult(call);
      case "consult_wait":
        return checked(tool.name, waitArgumentsSchema, call, (value) =>
          // A worker would not start, and tell nobody but standard error why.
          options.configurationProblem === undefined
            ? consultTools.wait(call, value)
            : faultResult(invalid(tool.name, options.configurationProblem)),
        );
      case "consult_cancel":
        return checked(tool.name, cancelArgumentsSchema, call, (value) =>
          consultTools.cancel(call, value),
        );
      case "consult_list":
        return checked(tool.name, listArgumentsSchema, call, (value) =>
          consultTools.list(value),
        );
      case "health_snapshot":
        return snapshot(
          tool.name,
          call,
          options.health,
          healthText,
          projectHealth,
        );
      case "telemetry_snapshot":
        return snapshot(
          tool.name,
          call,
          options.telemetry,
          telemetryText,
          projectTelemetry,
        );
    }
  };
}

type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: FaultRecord };

function parseArguments<T>(
  name: ToolName,
  schema: z.ZodType<T>,
  call: ToolCall,
): Parsed<T> {
  const parsed = schema.safeParse(call.arguments);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : {
        ok: false,
        fault: invalid(name, describeArguments(name, parsed.error)),
      };
}

/** Names the argument that is wrong, and for an unknown one those that exist. */
function describeArguments(name: ToolName, error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const unknown = issue.keys.map((key) => JSON.stringify(key)).join(", ");
    return `${name} has no argument ${unknown}: it takes ${argumentNames(name).join(", ")}.`;
  }
  const path = issue?.path.map(String).join(".") ?? "";
  return `The argument ${path} of ${name} is invalid: ${issue?.message ?? "unknown reason"}.`;
}

function argumentNames(name: ToolName): string[] {
  const schema = findTool(name)?.argumentsSchema;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function invalid(name: string, detail: string): FaultRecord {
  return faultRecord({
    code: "invalid_input",
    stage: "host",
    operation: `tools/call:${name}`,
    detail,
  });
}

/** `arguments` of tools/call; absent ones are none. */
export function argumentsOf(value: unknown): JsonObject {
  return jsonObjectSchema.safeParse(value).data ?? {};
}
