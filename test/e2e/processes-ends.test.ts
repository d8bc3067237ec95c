// How the host ends, and what a killed worker means to its clients: nothing, since the
// next one goes on where it was.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { eventually } from "../process/eventually.ts";
import { compiled } from "../process/piped.ts";
import { livingProcesses } from "../process/processes.ts";
import { createSandbox, type Sandbox } from "../process/sandbox.ts";
import { type DrivenHost, startHost, textOf } from "./host.ts";

/** The process that runs the consults of this host. */
function workerOf(host: DrivenHost): number | undefined {
  return livingProcesses().find(
    ({ parent, command }) =>
      parent === host.piped.pid && command.includes("mcp worker"),
  )?.pid;
}

async function killWorker(host: DrivenHost): Promise<void> {
  const pid = await eventually("a worker runs", () => workerOf(host));
  process.kill(pid, "SIGKILL");
}

function slowly(sandbox: Sandbox) {
  return sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "1500" });
}

describe("a worker killed by SIGKILL", () => {
  test("costs no call its answer, and Claude is started once for each", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, slowly(sandbox));
    await host.initialize();
    await host.call(1, "consult", { prompt: "one" });
    await host.call(2, "consult", { prompt: "two" });
    await sandbox.untilStarted(2);
    await killWorker(host);
    for (const id of [1, 2]) {
      const { result } = await host.answer(id);
      expect(textOf(result)).toEndWith("The answer is 42.");
      expect(textOf(result)).not.toContain("attached");
      expect(result).toMatchObject({ isError: false });
    }
    expect(await sandbox.starts()).toHaveLength(2);
    await host.call(5, "health_snapshot", { render: "json" });
    expect((await host.answer(5)).result).toMatchObject({
      structuredContent: {
        ready: true,
        worker_generation: 2,
        worker_alive: true,
        running_consults: 0,
      },
    });
    await host.call(6, "telemetry_snapshot", { render: "json" });
    expect((await host.answer(6)).result).toMatchObject({
      structuredContent: {
        transport_faults: 0,
        response_errors: 0,
        retries: 2,
        worker_restarts: 1,
      },
    });
  });

  test("again and again costs no call its answer", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers-slowly", { FAKE_CLAUDE_MS: "2500" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "one" });
    await sandbox.untilStarted(1);
    let previous: number | undefined;
    for (const _ of [1, 2, 3]) {
      const pid = await eventually("another worker runs", () => {
        const worker = workerOf(host);
        return worker === previous ? undefined : worker;
      });
      process.kill(pid, "SIGKILL");
      previous = pid;
    }
    expect(textOf((await host.answer(1)).result)).toEndWith(
      "The answer is 42.",
    );
    expect(await sandbox.starts()).toHaveLength(1);
    await host.call(2, "health_snapshot", {});
    expect(textOf((await host.answer(2)).result)).toContain("gen=4");
  });

  test("while idle is no fault to anybody", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.initialize();
    await host.call(1, "consult", { prompt: "one" });
    await host.answer(1);
    await killWorker(host);
    let asked = 1;
    await until("the host knows it", async () => {
      asked += 1;
      await host.call(asked, "health_snapshot", {});
      return textOf((await host.answer(asked)).result).includes("worker=dead");
    });
    await host.call("next", "consult", { prompt: "two" });
    expect(textOf((await host.answer("next")).result)).toEndWith(
      "The answer is 42.",
    );
  });
});

describe("the end of the input", () => {
  test("ends an idle host, and one with consults, within a second", async () => {
    for (const claude of ["answers", "ignores-signals"] as const) {
      await using sandbox = await createSandbox();
      await using host = startHost(
        sandbox,
        sandbox.environment(claude, { PHONE_OPUS_STOP_GRACE_S: "2" }),
      );
      await host.initialize();
      await host.call(1, "consult", { prompt: "Why?" });
      await sandbox.untilStarted(1);
      if (claude === "answers") await host.answer(1);
      const start = performance.now();
      host.piped.closeStdin();
      expect(await host.piped.exited).toBe(0);
      expect(performance.now() - start).toBeLessThan(1000);
      await sandbox.untilNothingRuns();
    }
  });

  test("right after a call leaves nothing behind", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    host.piped.closeStdin();
    expect(await host.piped.exited).toBe(0);
    await sandbox.untilNothingRuns();
  });

  test("answers what stood before it, the last line without its end too", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    await host.initialize();
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    await host.piped.write(JSON.stringify(ping));
    host.piped.closeStdin();
    expect(await host.piped.exited).toBe(0);
    await host.piped.rest();
    expect(host.answers()).toContainEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {},
    });
  });

  test("before anything was said ends the host with 0", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(sandbox, sandbox.environment("answers"));
    host.piped.closeStdin();
    expect(await host.piped.exited).toBe(0);
    expect(host.printed()).toEqual([]);
  });
});

test("a client that no longer reads ends the host and its consults", async () => {
  await using sandbox = await createSandbox();
  const [command = ""] = compiled;
  const shell = Bun.spawn(
    ["sh", "-c", '"$0" mcp serve | head -c 1 >/dev/null', command],
    {
      cwd: sandbox.project,
      env: sandbox.environment("hangs-with-a-grandchild"),
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  const send = async (id: number, method: string, params: unknown) => {
    const message = { jsonrpc: "2.0", id, method, params };
    await shell.stdin.write(`${JSON.stringify(message)}\n`);
    await shell.stdin.flush();
  };
  await send(1, "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  });
  await send(2, "tools/call", { name: "consult", arguments: { prompt: "?" } });
  await sandbox.untilStarted(1);
  // Each answer is one more write into a pipe that nobody reads.
  for (const id of [3, 4, 5]) await send(id, "ping", {});
  await sandbox.untilNothingRuns();
  await shell.exited;
});
