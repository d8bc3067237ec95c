// The compiled host through clients that nobody here wrote, in both protocol eras: what
// they see of its tools, and in which form they get its results.

import { describe, expect, test } from "bun:test";
import { version } from "../../package.json";
import { createSandbox } from "../process/sandbox.ts";
import { clientKinds } from "./clients.ts";
import { textOf } from "./host.ts";

const answer = "The answer is 42.";

describe.each([...clientKinds])("$client", ({ connect, speaks }) => {
  test("learns server, version, instructions and tools", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    expect(client.protocolVersion).toBe(speaks);
    expect(client.server).toEqual({ name: "phone-opus", version });
    expect(client.capabilities).toEqual({
      tools: { listChanged: true },
      resources: {},
    });
    expect(client.instructions?.slice(0, 245)).toContain("read-only");

    const tools = await client.listTools();
    expect(tools.map((tool) => tool["name"])).toEqual([
      "consult",
      "consult_wait",
      "consult_cancel",
      "consult_list",
      "health_snapshot",
      "telemetry_snapshot",
    ]);
    expect(tools[0]).toMatchObject({
      title: "Consult Claude Code",
      inputSchema: {
        type: "object",
        required: ["prompt"],
        additionalProperties: false,
        properties: {
          prompt: { type: "string" },
          max_turns: { type: "integer", minimum: 1 },
          render: { enum: ["porcelain", "json"], default: "porcelain" },
        },
      },
      annotations: {
        title: "Consult Claude Code",
        readOnlyHint: true,
        destructiveHint: false,
        openWorldHint: true,
      },
      _meta: {
        "phone-opus/dispatch": "worker",
        "phone-opus/replayContract": "probe_required",
        "anthropic/alwaysLoad": true,
      },
    });
    for (const tool of tools) {
      expect(tool).not.toHaveProperty("outputSchema");
      expect(tool).toMatchObject({
        annotations: { readOnlyHint: true, destructiveHint: false },
      });
    }
    for (const tool of tools.slice(1)) {
      expect(tool).toMatchObject({
        annotations: { openWorldHint: false },
        _meta: { "phone-opus/replayContract": "convergent" },
      });
    }
  });

  test("gets a consult in porcelain as text alone", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    const result = await client.callTool("consult", { prompt: "Why?" });
    expect(result).not.toHaveProperty("structuredContent");
    expect(result.isError).toBe(false);
    const lines = textOf(result).split("\n");
    expect(lines[0]).toMatch(
      /^consult ok turns=1 duration=\d+(ms|\.\d{3}s) model=\S+ stop=end_turn cost=\$\d+\.\d{6}$/,
    );
    expect(lines[1]).toBe(`cwd: ${sandbox.project}`);
    expect(lines[2]).toMatch(/^session: [0-9a-f-]{36}$/);
    expect(lines.slice(3)).toEqual(["response:", answer]);
    const [start] = await sandbox.starts();
    expect(start).toMatchObject({ cwd: sandbox.project, promptBytes: 4 });
  });

  test("gets a consult in json once as structure and the same as text", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    const args = { prompt: "Why?", render: "json" };
    const result = await client.callTool("consult", args);
    const text: unknown = JSON.parse(textOf(result));
    expect(result.content).toHaveLength(1);
    expect<unknown>(result.structuredContent).toEqual(text);
    expect(Object.keys(result.structuredContent ?? {})).toEqual([
      "response",
      "consult_id",
      "cwd",
      "model",
      "duration_ms",
      "num_turns",
      "stop_reason",
      "session_id",
      "total_cost_usd",
      "permission_denial_count",
    ]);
    const full = await client.callTool("consult", { ...args, detail: "full" });
    expect(full.structuredContent).toMatchObject({
      response: answer,
      prompt: "Why?",
      permission_denials: [],
    });
  });

  test("gets health and telemetry in both forms", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    const health = await client.callTool("health_snapshot");
    expect(health).not.toHaveProperty("structuredContent");
    expect(textOf(health)).toBe("ready gen=1 worker=dead launch_path=unstable");
    await client.callTool("consult", { prompt: "Why?" });
    const json = await client.callTool("health_snapshot", { render: "json" });
    expect(json.structuredContent).toEqual({
      ready: true,
      worker_generation: 1,
      worker_alive: true,
      rollout_pending: false,
      launch_path_stable: false,
      running_consults: 0,
      queued_consults: 0,
      breaker: "closed",
      worker_ejected: false,
    });
    const counted = await client.callTool("telemetry_snapshot", {
      render: "json",
    });
    expect<unknown>(JSON.parse(textOf(counted))).toEqual(
      counted.structuredContent,
    );
    expect(counted.structuredContent).toMatchObject({
      response_errors: 0,
      transport_faults: 0,
      worker_restarts: 0,
    });
    const text = textOf(await client.callTool("telemetry_snapshot"));
    expect(text).toContain("hot methods:");
    expect(text).toContain("tools/call:consult req=1 err=0");
  });

  test("gets a fault as a result with one sentence and the record", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("not-logged-in"),
    );
    const result = await client.callTool("consult", { prompt: "Why?" });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("not logged in");
    expect(result.structuredContent).toMatchObject({
      fault: {
        generation: 1,
        class: "downstream",
        code: "downstream_failure",
        reason: "not_logged_in",
      },
      stage: "claude",
      operation: "tools/call:consult",
      jsonrpc_code: -32603,
      retryable: false,
      retried: false,
    });
  });

  test("is told of a wrong argument by name, in a result", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    for (const [args, says] of [
      [{ prompt: "Why?", tone: "nice" }, '"tone"'],
      [{ prompt: " \n\t" }, "prompt must not be blank"],
      [{ prompt: "Why?", cwd: "no/such" }, "does not exist"],
      [{ prompt: "Why?", max_turns: 0 }, "max_turns"],
    ] as const) {
      const result = await client.callTool("consult", args);
      expect(result.isError).toBe(true);
      expect(textOf(result)).toContain(says);
      expect(result.structuredContent).toMatchObject({
        fault: { code: "invalid_input", class: "protocol" },
        jsonrpc_code: -32602,
      });
    }
    expect(await sandbox.starts()).toEqual([]);
  });

  test("hears of progress when it asks for it", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("answers-slowly"),
    );
    const heard: { progress: number; message?: string | undefined }[] = [];
    const result = await client.callTool(
      "consult",
      { prompt: "Why?" },
      { onprogress: (progress) => heard.push(progress) },
    );
    expect(textOf(result)).toEndWith(answer);
    expect(heard.length).toBeGreaterThanOrEqual(2);
    const times = heard.map(({ progress }) => progress);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
    expect(heard.map(({ message }) => message).join("\n")).toContain("Read");
  });

  test("ends a consult by its abort signal, and goes on", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    const abort = new AbortController();
    const call = client
      .callTool("consult", { prompt: "Why?" }, { signal: abort.signal })
      .then(
        () => "answered",
        () => "aborted",
      );
    await sandbox.untilStarted(1);
    expect((await sandbox.runsLeft()).length).toBeGreaterThan(0);
    abort.abort("enough");
    expect(await call).toBe("aborted");
    await sandbox.untilNoRuns();
    expect(textOf(await client.callTool("health_snapshot"))).toContain("ready");
  });
});

test("a client that closes leaves no process behind", async () => {
  for (const { connect } of clientKinds) {
    await using sandbox = await createSandbox();
    {
      await using client = await connect(
        sandbox,
        sandbox.environment("hangs-with-a-grandchild"),
      );
      client.callTool("consult", { prompt: "Why?" }).catch(() => {});
      await sandbox.untilStarted(1);
    }
    await sandbox.untilNothingRuns();
  }
});
