// The catalogue as clients see it. Each tool is a checked-in snapshot: a change to a
// schema or a text shows here as a difference. UPDATE_SNAPSHOTS=1 accepts it.

import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { jsonObjectSchema } from "../../src/base/json.ts";
import {
  describeTool,
  findTool,
  type ToolName,
  toolSpecs,
} from "../../src/tools/catalog.ts";

const snapshots = join(import.meta.dir, "snapshots");
const isUpdating = Bun.env["UPDATE_SNAPSHOTS"] === "1";

const required: Partial<Record<ToolName, string[]>> = {
  consult: ["prompt"],
  consult_wait: ["consult_id"],
  consult_cancel: ["consult_id"],
};

const propertiesSchema = z.record(
  z.string(),
  z.looseObject({ description: z.string() }),
);

test("the tools stand in the order in which clients list them", () => {
  expect(
    toolSpecs.map(({ name, dispatch, replayContract, openWorld }) => ({
      name,
      dispatch,
      replayContract,
      openWorld,
    })),
  ).toEqual([
    {
      name: "consult",
      dispatch: "worker",
      replayContract: "probe_required",
      openWorld: true,
    },
    {
      name: "consult_wait",
      dispatch: "host",
      replayContract: "convergent",
      openWorld: false,
    },
    {
      name: "consult_cancel",
      dispatch: "host",
      replayContract: "convergent",
      openWorld: false,
    },
    {
      name: "consult_list",
      dispatch: "host",
      replayContract: "convergent",
      openWorld: false,
    },
    {
      name: "health_snapshot",
      dispatch: "host",
      replayContract: "convergent",
      openWorld: false,
    },
    {
      name: "telemetry_snapshot",
      dispatch: "host",
      replayContract: "convergent",
      openWorld: false,
    },
  ]);
});

test("a tool is found by its exact name alone", () => {
  for (const spec of toolSpecs) expect(findTool(spec.name)).toBe(spec);
  for (const name of ["", "Consult", "consult ", "toString", "rm"]) {
    expect(findTool(name)).toBe(undefined);
  }
});

test("there is a snapshot for each tool and no other", () => {
  expect(readdirSync(snapshots).toSorted()).toEqual(
    toolSpecs.map(({ name }) => `${name}.json`).toSorted(),
  );
});

describe.each(toolSpecs.map((spec) => [spec.name, spec] as const))(
  "%s",
  (name, spec) => {
    const described = describeTool(spec);

    test("is described as its snapshot says", async () => {
      const file = Bun.file(join(snapshots, `${name}.json`));
      if (isUpdating) {
        await file.write(`${JSON.stringify(described, null, 2)}\n`);
      }
      const snapshot: unknown = await file.json();
      expect<unknown>(described).toEqual(snapshot);
    });

    test("is the same after JSON: nothing in it gets lost on the way", () => {
      const text = JSON.stringify(described);
      const copy: unknown = JSON.parse(text);
      expect<unknown>(described).toEqual(copy);
    });

    test("says that it only reads", () => {
      expect(described.annotations).toEqual({
        title: spec.title,
        readOnlyHint: true,
        destructiveHint: false,
        openWorldHint: spec.openWorld,
      });
    });

    test("has no outputSchema: results have one representation", () => {
      expect(Object.keys(described)).not.toContain("outputSchema");
    });

    test("describes every argument and refuses those it does not know", () => {
      const schema = jsonObjectSchema.parse(described.inputSchema);
      const properties = propertiesSchema.parse(schema["properties"]);
      expect(Object.keys(properties)).toContainValues(["render", "detail"]);
      for (const [argument, { description }] of Object.entries(properties)) {
        expect({ argument, isDescribed: description.length > 20 }).toEqual({
          argument,
          isDescribed: true,
        });
      }
      expect(schema["additionalProperties"]).toBe(false);
    });

    test("demands nothing but the question, or which consult is meant", () => {
      const schema = jsonObjectSchema.parse(described.inputSchema);
      expect(schema["required"]).toEqual(required[name]);
    });
  },
);

test("the descriptions carry the limits, which clients drop from schemas", () => {
  const [consult] = toolSpecs.map(describeTool);
  const schema = jsonObjectSchema.parse(consult?.inputSchema);
  const properties = propertiesSchema.parse(schema["properties"]);
  const limits: Readonly<Record<string, readonly string[]>> = {
    prompt: ["Not blank", "at most 10000000 bytes"],
    cwd: ["Must exist", "relative", "default"],
    files: ["at most 100 paths", "cwd"],
    max_turns: ["integer", "at least 1", "No limit by default"],
    model: ["alias", "full name", "Default"],
    effort: ["low", "medium", "high", "xhigh", "max"],
    resume: ["c_…", "session id"],
    fork: ["With resume"],
    timeout_s: ["over 0", "at most 86400", "Default 1800"],
    max_budget_usd: ["over 0", "dollars"],
    web: ["false: no web", "Default true"],
    fresh: ["Default: attach"],
    wait_s: ["seconds from 0 to 86400", "consult_wait", "default"],
    render: ["porcelain (default)", "json"],
    detail: ["concise (default)", "full"],
  };
  expect(Object.keys(properties)).toEqual(Object.keys(limits));
  for (const [argument, words] of Object.entries(limits)) {
    const description = properties[argument]?.description ?? "";
    expect({
      argument,
      missing: words.filter((word) => !description.includes(word)),
    }).toEqual({ argument, missing: [] });
  }
});

test("patterns are regular expressions for strict readers too", () => {
  const text = JSON.stringify(toolSpecs.map(describeTool));
  const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
  expect(patterns.length).toBe(4);
  for (const [, quoted = ""] of patterns) {
    const pattern = z.string().parse(JSON.parse(quoted));
    expect(() => new RegExp(pattern, "u")).not.toThrow();
  }
});
