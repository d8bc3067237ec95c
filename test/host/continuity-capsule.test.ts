// What a host hands over to its next image.

import { describe, expect, test } from "bun:test";
import { faultRecord } from "../../src/base/fault.ts";
import { version } from "../../src/base/version.ts";
import { fingerprintFile } from "../../src/sys/fingerprint.ts";
import { ownIdentity } from "./capsules.ts";
import { frameOf, initialized, opened, ownTools } from "./continuing.ts";
import { initialize, request } from "./sessions.ts";

describe("what is handed over", () => {
  test("is the whole session", async () => {
    await using here = await opened();
    here.send(request("list", "tools/list"));
    await here.answer("list");
    here.call(1, "consult", { prompt: "Why?" }, { progressToken: "p" });
    here.call(2, "consult", { prompt: "How?", wait_s: 1 });
    const worker = await here.workers.worker(1);
    worker.hello();
    const first = await here.workers
      .worker(1)
      .then((each) => each.execution(1));
    const second = await worker.execution(2);
    worker.accept(first.id, first.consult_id);
    worker.accept(second.id, second.consult_id);
    expect(await here.answer(2)).toMatchObject({
      result: {
        content: [{ text: expect.stringContaining("running") as unknown }],
      },
    });
    await here.health(3);
    here.write('{"jsonrpc":"2.0","id":9,"met');
    const own = fingerprintFile(here.launchPath);
    await here.swap("another binary");
    const capsule = await here.capsule();
    const { telemetry, unread, at, ...rest } = capsule;
    expect(rest).toEqual({
      purpose: "handoff",
      version,
      host: ownIdentity(),
      fingerprint: own,
      session: {
        is_initialized: true,
        is_older_era: true,
        opening: [frameOf(initialize), frameOf(initialized)],
        pending: [
          {
            id: 1,
            operation: "tools/call:consult",
            startedMs: expect.any(Number) as unknown as number,
            frame: frameOf({
              jsonrpc: "2.0",
              id: 1,
              method: "tools/call",
              params: {
                name: "consult",
                arguments: { prompt: "Why?" },
                _meta: { progressToken: "p" },
              },
            }),
          },
        ],
      },
      shown_tools: ownTools(),
      client_roots: [],
      calls: [
        {
          request_id: 1,
          consult_id: first.consult_id,
          started_ms: capsule.session.pending[0]?.startedMs ?? -1,
        },
      ],
      followed: [
        {
          consult_id: second.consult_id,
          started_ms: expect.any(Number) as unknown as number,
        },
      ],
      keeper: {
        generation: capsule.keeper.generation,
        has_spawned: true,
        lifecycle: { kind: "absent", restarts: [], losses: 0 },
        undelivered: [],
      },
      circuit: { kind: "closed", failures: 0 },
      spent_hooks: [],
    });
    expect(Number(capsule.keeper.generation)).toBe(1);
    expect(at.unix_ms - at.monotonic_ms).toBe(1_800_000_000_000);
    expect(String(unread)).toBe('{"jsonrpc":"2.0","id":9,"met');
    expect(telemetry).toMatchObject({
      totals: { request_count: 5, success_count: 4 },
      rollouts: 0,
      generation: 1,
    });
  });

  test("goes to the launch path, as the client started it, and nothing else", async () => {
    await using here = await opened("test", { PHONE_OPUS_WAIT_S: "5" });
    await here.swap("another binary");
    await here.capsule();
    const [replacement] = here.replacements;
    const { PHONE_OPUS_MCP_HOST_STATE: capsulePath, ...environment } =
      replacement?.environment ?? {};
    expect(replacement).toMatchObject({
      path: here.launchPath,
      words: [here.launchPath, "mcp", "serve"],
    });
    expect(environment).toEqual({ PATH: "/bin", PHONE_OPUS_WAIT_S: "5" });
    expect(capsulePath).toStartWith(here.paths.capsules);
    const [rehearsal] = here.candidates.started;
    expect(rehearsal?.hadCapsule).toBe(true);
    expect(rehearsal?.request.command).toEqual([
      here.launchPath,
      "mcp",
      "serve",
      "--prove",
    ]);
  });

  test("holds what came while input was quiet, behind what came before", async () => {
    await using here = await opened();
    here.write('{"jsonrpc":"2.0",');
    here.setDrained(false);
    await here.swap("another binary");
    await here.drive("it is quiet", () => here.signals.includes("hidden"));
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    const whole = `"id":8,"method":"ping"}\n${frameOf(request(9, "ping"))}\n`;
    here.write(whole);
    expect(here.answersTo(8)).toEqual([]);
    here.setDrained(true);
    const { unread } = await here.capsule();
    expect(String(unread)).toBe(`{"jsonrpc":"2.0",${whole}`);
    // Taken back, it is served here, once.
    expect(await here.answer(9)).toMatchObject({ result: {} });
    expect(here.answersTo(8)).toHaveLength(1);
  });

  test("names the open breaker", async () => {
    await using here = await opened();
    here.call(1, "consult", { prompt: "Why?" });
    const worker = await here.workers.worker(1);
    worker.hello();
    const { id } = await worker.execution(1);
    worker.say({
      kind: "answer",
      id,
      outcome: {
        status: "fault",
        fault: faultRecord({
          code: "downstream_failure",
          stage: "claude",
          operation: "tools/call:consult",
          reason: "not_logged_in",
          detail: "Claude Code is not logged in.",
        }),
      },
    });
    await here.answer(1);
    await here.swap("another binary");
    expect((await here.capsule()).circuit).toMatchObject({
      kind: "open",
      reason: "Claude Code is not logged in.",
    });
  });
});
