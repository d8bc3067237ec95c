// What of a new catalogue would break calls that are made by the old one, and what
// would not.

import { describe, expect, test } from "bun:test";
import { jsonObjectSchema } from "../../src/base/json.ts";
import { catalogueBreak } from "../../src/host/catalogue.ts";
import { offeredTools } from "../../src/host/mcp.ts";
import { shownTool } from "../../src/host/succession.ts";

const toolWith = (inputSchema: object, name = "consult") => ({
  name,
  inputSchema: jsonObjectSchema.parse(inputSchema),
});
const schema = {
  type: "object",
  properties: {
    prompt: { type: "string", minLength: 1, description: "What to ask." },
    effort: { type: "string", enum: ["low", "high"] },
    max_turns: { type: "integer", minimum: 1, maximum: 100 },
    files: { type: "array", items: { type: "string" }, maxItems: 20 },
    answer_schema: {
      type: "object",
      properties: { a: { type: "string" } },
      required: ["a"],
    },
  },
  required: ["prompt"],
  additionalProperties: false,
};
const { properties } = schema;

const verdict = (next: object) =>
  catalogueBreak([toolWith(schema)], [toolWith(next)]);
const withProperty = (name: string, property: unknown) =>
  verdict({ ...schema, properties: { ...properties, [name]: property } });

describe("a break is", () => {
  test("a tool that is gone", () => {
    const shown = [toolWith(schema), toolWith(schema, "consult_wait")];
    expect(catalogueBreak(shown, [toolWith(schema)])).toBe(
      "it has no tool consult_wait",
    );
    expect(catalogueBreak(shown, [])).toBe("it has no tool consult");
  });

  test("an argument that is gone", () => {
    const { effort: _, ...others } = properties;
    expect(verdict({ ...schema, properties: others })).toBe(
      "its tool consult no longer takes effort",
    );
    expect(verdict({ type: "object" })).toBe(
      "its tool consult no longer takes prompt",
    );
  });

  test("an argument that is required now, an old one or a new one", () => {
    expect(verdict({ ...schema, required: ["prompt", "effort"] })).toBe(
      "its tool consult now requires effort",
    );
    expect(verdict({ ...schema, required: ["prompt", "why"] })).toBe(
      "its tool consult now requires why",
    );
  });

  const narrower: Record<string, [string, unknown]> = {
    "another type": ["prompt", { type: "number" }],
    "fewer types": ["prompt", { type: [] }],
    "no text that is short": ["prompt", { type: "string", minLength: 2 }],
    "no text that is long": ["prompt", { type: "string", maxLength: 9 }],
    "text of a pattern only": ["prompt", { type: "string", pattern: "^a" }],
    "a choice of fewer": ["effort", { type: "string", enum: ["low"] }],
    "a choice where there was none": [
      "prompt",
      { type: "string", enum: ["why"] },
    ],
    "one value only": ["prompt", { type: "string", const: "why" }],
    "a higher minimum": ["max_turns", { type: "integer", minimum: 2 }],
    "a lower maximum": ["max_turns", { type: "integer", maximum: 99 }],
    "a bound that is no number": [
      "max_turns",
      { type: "integer", maximum: "" },
    ],
    "items of another type": [
      "files",
      { type: "array", items: { type: "number" } },
    ],
    "fewer items": [
      "files",
      { type: "array", items: { type: "string" }, maxItems: 19 },
    ],
    "an object with a member less": [
      "answer_schema",
      { type: "object", properties: {} },
    ],
    "an object that requires more": [
      "answer_schema",
      {
        type: "object",
        properties: { a: { type: "string" } },
        required: ["a", "b"],
      },
    ],
    "an object that takes no more than it names": [
      "answer_schema",
      {
        type: "object",
        properties: { a: { type: "string" } },
        required: ["a"],
        additionalProperties: false,
      },
    ],
    "what this version does not understand": [
      "prompt",
      { type: "string", not: { const: "" } },
    ],
    nothing: ["prompt", false],
    "what is no schema": ["prompt", 7],
  };
  for (const [name, [argument, property]] of Object.entries(narrower)) {
    test(`an argument that takes ${name}`, () => {
      expect(withProperty(argument, property)).toBe(
        `its tool consult takes another kind of ${argument}`,
      );
    });
  }

  test("an argument that is gone and bears the name of what every object has", () => {
    const shown = toolWith({
      type: "object",
      properties: { constructor: { type: "string" } },
    });
    const next = toolWith({ type: "object", properties: {} });
    expect(catalogueBreak([shown], [next])).toContain("constructor");
  });
});

describe("no break is", () => {
  test("the same, and what this version itself offers", () => {
    expect(verdict(schema)).toBeUndefined();
    const own = offeredTools().map(shownTool);
    expect(own.length).toBeGreaterThan(3);
    expect(catalogueBreak(own, own)).toBeUndefined();
  });

  test("nothing shown yet", () => {
    expect(catalogueBreak([], [])).toBeUndefined();
  });

  test("another tool, and another order", () => {
    const shown = [toolWith(schema, "a"), toolWith(schema, "b")];
    const offered = ["c", "b", "a"].map((name) => toolWith(schema, name));
    expect(catalogueBreak(shown, offered)).toBeUndefined();
  });

  test("an argument that is no longer required", () => {
    expect(verdict({ ...schema, required: [] })).toBeUndefined();
  });

  const wider: Record<string, [string, unknown]> = {
    "a new argument that may be left out": ["why", { type: "string" }],
    "another description, title, default and example": [
      "prompt",
      {
        type: "string",
        minLength: 1,
        description: "Ask.",
        title: "Prompt",
        default: "?",
        examples: ["?"],
      },
    ],
    "one more type": ["prompt", { type: ["string", "array"] }],
    "any number instead of whole ones": ["max_turns", { type: "number" }],
    "one more choice": [
      "effort",
      { type: "string", enum: ["low", "middle", "high"] },
    ],
    "any text instead of a choice": ["effort", { type: "string" }],
    "wider bounds": [
      "max_turns",
      { type: "integer", minimum: 0, maximum: 1000 },
    ],
    "no bounds": ["max_turns", { type: "integer" }],
    "more items, and more kinds of them": [
      "files",
      {
        type: "array",
        items: { type: ["string", "object"] },
        maxItems: 21,
      },
    ],
    "an object with another member": [
      "answer_schema",
      {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "string" } },
        required: [],
      },
    ],
    anything: ["prompt", true],
    "anything, said otherwise": ["prompt", {}],
  };
  for (const [name, [argument, property]] of Object.entries(wider)) {
    test(name, () => {
      expect(withProperty(argument, property)).toBeUndefined();
    });
  }
});

test("a catalogue that is no catalogue is judged, too", () => {
  for (const properties of [7, null, "x", [], true]) {
    for (const required of [7, null, "prompt", [7]]) {
      const odd = { type: "object", properties, required };
      expect(verdict(odd)).toBe("its tool consult no longer takes prompt");
      expect(catalogueBreak([toolWith(odd)], [toolWith(odd)])).toBeUndefined();
    }
  }
});
