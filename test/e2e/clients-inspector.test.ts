// The compiled host through the command line of the MCP Inspector.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { compiled } from "../process/piped.ts";
import { createSandbox, type Sandbox } from "../process/sandbox.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { textOf, toolResult } from "./host.ts";

const inspector = join(
  import.meta.dir,
  "../../node_modules/.bin/mcp-inspector-cli",
);

/** What the inspector printed for a method of the server. */
async function inspect(
  sandbox: Sandbox,
  claude: FakeClaudeName,
  words: readonly string[],
): Promise<unknown> {
  // It looks for its own manifest above the working directory first.
  await Bun.write(join(sandbox.directory, "package.json"), "{}");
  const child = Bun.spawn(
    [
      process.execPath,
      "--bun",
      inspector,
      "--cli",
      ...compiled,
      "mcp",
      "serve",
      ...words,
    ],
    {
      cwd: sandbox.project,
      env: sandbox.environment(claude),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [stdout, stderr] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(stderr);
  await sandbox.untilNothingRuns();
  return JSON.parse(stdout);
}

const call = ["--method", "tools/call", "--tool-name"];

describe("the inspector", () => {
  test("lists the tools with schemas, annotations and _meta", async () => {
    await using sandbox = await createSandbox();
    const listed = await inspect(sandbox, "answers", [
      "--method",
      "tools/list",
    ]);
    const { tools } = z
      .object({ tools: z.array(z.looseObject({ name: z.string() })) })
      .parse(listed);
    expect(tools.map(({ name }) => name)).toEqual([
      "consult",
      "consult_wait",
      "consult_cancel",
      "consult_list",
      "health_snapshot",
      "telemetry_snapshot",
    ]);
    expect(tools[0]).toMatchObject({
      inputSchema: { type: "object", required: ["prompt"] },
      annotations: { readOnlyHint: true, openWorldHint: true },
      _meta: { "phone-opus/replayContract": "probe_required" },
    });
  });

  test("consults in porcelain and in json", async () => {
    await using sandbox = await createSandbox();
    const words = [...call, "consult", "--tool-arg", "prompt=Why?"];
    const porcelain = toolResult(await inspect(sandbox, "answers", words));
    expect(textOf(porcelain)).toEndWith("response:\nThe answer is 42.");
    expect(porcelain).not.toHaveProperty("structuredContent");
    const json = toolResult(
      await inspect(sandbox, "answers", [...words, "render=json"]),
    );
    expect(json.structuredContent).toMatchObject({
      response: "The answer is 42.",
    });
    expect<unknown>(JSON.parse(textOf(json))).toEqual(json.structuredContent);
  });

  test.each(["health_snapshot", "telemetry_snapshot", "consult_list"])(
    "calls %s",
    async (tool) => {
      await using sandbox = await createSandbox();
      const result = toolResult(
        await inspect(sandbox, "answers", [
          ...call,
          tool,
          "--tool-arg",
          "render=json",
        ]),
      );
      expect(result.isError).toBe(false);
      expect<unknown>(JSON.parse(textOf(result))).toEqual(
        result.structuredContent,
      );
    },
  );

  test("shows a fault with its record", async () => {
    await using sandbox = await createSandbox();
    const result = toolResult(
      await inspect(sandbox, "not-logged-in", [
        ...call,
        "consult",
        "--tool-arg",
        "prompt=Why?",
      ]),
    );
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toMatchObject({
      fault: { reason: "not_logged_in" },
    });
  });
});
