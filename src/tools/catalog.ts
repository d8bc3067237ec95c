// Every tool, in the order in which clients list them. Data only: who carries a
// call out and whether it may be replayed stands here and nowhere else.

import { z } from "zod";
import type { ReplayContract } from "../base/replay-contract.ts";
import { consultArgumentsSchema } from "./consult.ts";
import {
  cancelArgumentsSchema,
  listArgumentsSchema,
  waitArgumentsSchema,
} from "./custody.ts";
import { snapshotArgumentsSchema } from "./snapshots.ts";

export type ToolName =
  | "consult"
  | "consult_wait"
  | "consult_cancel"
  | "consult_list"
  | "health_snapshot"
  | "telemetry_snapshot";

export interface ToolSpec {
  readonly name: ToolName;
  readonly title: string;
  readonly description: string;
  readonly dispatch: "host" | "worker";
  readonly replayContract: ReplayContract;
  /** True where Claude may browse the web. */
  readonly openWorld: boolean;
  readonly argumentsSchema: z.ZodType;
}

export const toolSpecs: readonly ToolSpec[] = [
  {
    name: "consult",
    title: "Consult Claude Code",
    description:
      "Ask the user's own Claude Code for a second opinion, a review, a diagnosis or a plan. It reads the project in cwd, searches it, runs read-only commands and browses; it cannot change anything. Takes seconds to minutes and costs the user money: put the whole question, with the relevant paths and what you tried, into one prompt. The answer names a session to resume for follow-up questions.",
    dispatch: "worker",
    replayContract: "probe_required",
    openWorld: true,
    argumentsSchema: consultArgumentsSchema,
  },
  {
    name: "consult_wait",
    title: "Wait for a consult",
    description:
      "Get the answer of a consult that said it is still running, or that an earlier session began. Answers at once when it is there; costs nothing.",
    dispatch: "host",
    replayContract: "convergent",
    openWorld: false,
    argumentsSchema: waitArgumentsSchema,
  },
  {
    name: "consult_cancel",
    title: "Cancel a consult",
    description:
      "Stop a running consult and every process it started. What it had written stays, and its session can be resumed.",
    dispatch: "host",
    replayContract: "convergent",
    openWorld: false,
    argumentsSchema: cancelArgumentsSchema,
  },
  {
    name: "consult_list",
    title: "List consults",
    description:
      "Running and recent consults of this user, newest first, with their ids, states, costs and sessions.",
    dispatch: "host",
    replayContract: "convergent",
    openWorld: false,
    argumentsSchema: listArgumentsSchema,
  },
  {
    name: "health_snapshot",
    title: "Health of phone-opus",
    description:
      "Whether the server is ready, its worker generation, running consults and the last fault. Answers in milliseconds, also while consults run.",
    dispatch: "host",
    replayContract: "convergent",
    openWorld: false,
    argumentsSchema: snapshotArgumentsSchema,
  },
  {
    name: "telemetry_snapshot",
    title: "Telemetry of phone-opus",
    description:
      "Counts of requests, errors, retries and restarts in this session, in all and for each method.",
    dispatch: "host",
    replayContract: "convergent",
    openWorld: false,
    argumentsSchema: snapshotArgumentsSchema,
  },
];

export function findTool(name: string): ToolSpec | undefined {
  return toolSpecs.find((spec) => spec.name === name);
}

/** More than any answer: clients that honour it then show answers whole. */
const maxResultChars = 500_000;

/** A tool as `tools/list` shows it. */
export function describeTool(spec: ToolSpec) {
  const { $schema: _, ...inputSchema } = z
    .record(z.string(), z.json())
    .parse(z.toJSONSchema(spec.argumentsSchema, { io: "input" }));
  return {
    name: spec.name,
    title: spec.title,
    description: spec.description,
    inputSchema: { ...inputSchema, type: "object" as const },
    annotations: {
      title: spec.title,
      readOnlyHint: true,
      destructiveHint: false,
      openWorldHint: spec.openWorld,
    },
    // Not in the annotations: clients strip keys there that they do not know.
    _meta: {
      "phone-opus/dispatch": spec.dispatch,
      "phone-opus/replayContract": spec.replayContract,
      "anthropic/alwaysLoad": true,
      "anthropic/maxResultSizeChars": maxResultChars,
    },
  };
}
