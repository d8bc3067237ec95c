// Whether tools that a client was shown are still what it was shown: clients keep a
// catalogue for the whole session and call by it. Of a candidate nothing is believed,
// so any JSON is compared; what is not understood and not the same counts as a break.

import { z } from "zod";
import { type JsonObject, jsonObjectSchema } from "../base/json.ts";
import type { ShownTool } from "./capsule.ts";

/** What a call made by the shown catalogue would stumble over; undefined: nothing. */
export function catalogueBreak(
  shown: readonly ShownTool[],
  offered: readonly ShownTool[],
): string | undefined {
  for (const tool of shown) {
    const successor = offered.find(({ name }) => name === tool.name);
    if (successor === undefined) return `it has no tool ${tool.name}`;
    const problem = objectBreak(tool.inputSchema, successor.inputSchema);
    if (problem !== undefined) return `its tool ${tool.name} ${problem}`;
  }
  return undefined;
}

function objectBreak(shown: JsonObject, offered: JsonObject) {
  const before = membersOf(shown);
  const now = membersOf(offered);
  const demanded = now.required.find((name) => !before.required.includes(name));
  if (demanded !== undefined) return `now requires ${demanded}`;
  for (const [name, property] of before.properties) {
    const successor = now.properties.find(([other]) => other === name);
    if (successor === undefined) return `no longer takes ${name}`;
    if (isNarrower(property, successor[1])) {
      return `takes another kind of ${name}`;
    }
  }
  return undefined;
}

function membersOf(schema: JsonObject) {
  const properties = jsonObjectSchema.safeParse(schema["properties"]).data;
  const required = z.array(z.string()).safeParse(schema["required"]).data;
  return {
    properties: Object.entries(properties ?? {}),
    required: required ?? [],
  };
}

/** Keywords that tell, and forbid nothing. */
const annotations = new Set(["title", "description", "default", "examples"]);

/** Whether `offered` refuses a value that `shown` allows, as far as can be told. */
function isNarrower(shown: unknown, offered: unknown): boolean {
  const before = jsonObjectSchema.safeParse(shown).data;
  const now = jsonObjectSchema.safeParse(offered).data;
  if (before === undefined || now === undefined) {
    return offered !== true && !isSame(shown, offered);
  }
  return (
    objectBreak(before, now) !== undefined ||
    Object.entries(now).some(
      ([keyword, value]) =>
        !annotations.has(keyword) &&
        !isSame(before[keyword], value) &&
        forbidsMore(keyword, before[keyword], value),
    )
  );
}

function forbidsMore(keyword: string, before: unknown, now: unknown): boolean {
  switch (keyword) {
    case "properties":
    case "required":
      // Judged with the object that they are members of.
      return false;
    case "type":
    case "enum": {
      const allowed = listOf(now);
      return (
        before === undefined ||
        !listOf(before).every(
          (value) =>
            allowed.includes(value) ||
            (value === "integer" && allowed.includes("number")),
        )
      );
    }
    case "items":
      return before === undefined || isNarrower(before, now);
    case "minimum":
    case "minLength":
    case "minItems":
    case "exclusiveMinimum":
      return !isAtMost(now, before);
    case "maximum":
    case "maxLength":
    case "maxItems":
    case "exclusiveMaximum":
      return !isAtMost(before, now);
    case "additionalProperties":
      return now !== true;
    default:
      return true;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isAtMost(low: unknown, high: unknown): boolean {
  return typeof low === "number" && typeof high === "number" && low <= high;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
