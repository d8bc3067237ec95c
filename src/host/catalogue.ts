// Whether tools that a client was shown are still what it was shown: clients keep a
// catalogue for the whole session and call by it.

import { z } from "zod";
import type { ShownTool } from "./capsule.ts";

const schemaSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});
const propertySchema = z.looseObject({
  type: z.unknown(),
  enum: z.array(z.unknown()).optional(),
});

/** What a call made by the shown catalogue would stumble over; undefined: nothing. */
export function catalogueBreak(
  shown: readonly ShownTool[],
  offered: readonly ShownTool[],
): string | undefined {
  for (const tool of shown) {
    const successor = offered.find(({ name }) => name === tool.name);
    if (successor === undefined) return `it has no tool ${tool.name}`;
    const problem = schemaBreak(tool, successor);
    if (problem !== undefined) return `its tool ${tool.name} ${problem}`;
  }
  return undefined;
}

function schemaBreak(shown: ShownTool, offered: ShownTool): string | undefined {
  const before = schemaSchema.parse(shown.inputSchema);
  const now = schemaSchema.parse(offered.inputSchema);
  const demanded = now.required.find((name) => !before.required.includes(name));
  if (demanded !== undefined) return `now requires ${demanded}`;
  for (const [name, property] of Object.entries(before.properties)) {
    const successor = now.properties[name];
    if (successor === undefined) return `no longer takes ${name}`;
    if (isNarrower(property, successor)) return `takes another kind of ${name}`;
  }
  return undefined;
}

function isNarrower(shown: unknown, offered: unknown): boolean {
  const before = propertySchema.parse(shown);
  const now = propertySchema.parse(offered);
  if (JSON.stringify(before.type) !== JSON.stringify(now.type)) return true;
  const allowed = now.enum;
  if (allowed === undefined) return false;
  return before.enum?.every((value) => allowed.includes(value)) !== true;
}
