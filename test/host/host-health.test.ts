// What health tells of a host: cold at first, its worker, what runs, another binary.

import { describe, expect, test } from "bun:test";
import { rename, writeFile } from "node:fs/promises";
import { tempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";
import { workerResult } from "./fake-keeper.ts";
import { startHost } from "./hosting.ts";

function structured(content: unknown) {
  return { result: { isError: false, structuredContent: content } };
}

describe("health", () => {
  test("of a fresh host is ready and cold", async () => {
    await using place = tempDir();
    const { health, launchPath, clock } = await startHost(place);
    clock.advance(1500);
    expect(await health(1)).toMatchObject(
      structured({
        ready: true,
        state: "cold",
        generation: 1,
        worker_alive: false,
        rollout: "stable",
        uptime_ms: 1500,
        restart_count: 0,
        launch_path: launchPath,
        pid: process.pid,
        running: [],
        last_fault: null,
      }),
    );
  });

  test("is not ready where a variable refuses every consult, and names it", async () => {
    await using place = tempDir();
    const { health } = await startHost(place, { PHONE_OPUS_WAIT_S: "soon" });
    expect(await health(1)).toMatchObject(
      structured({
        ready: false,
        configuration_problem:
          'PHONE_OPUS_WAIT_S is "soon": expected a positive number of seconds; correct or remove this environment variable.',
      }),
    );
  });

  test("names what runs and for how long, from the call to its answer", async () => {
    await using place = tempDir();
    const { call, fake, clock, health, answer } = await startHost(place);
    call(1, "consult", { prompt: "Why?" });
    const worker = await fake.worker(1);
    worker.hello();
    const { id, consult_id } = await worker.execution(1);
    clock.advance(700);
    expect(await health(2)).toMatchObject(
      structured({
        state: "ready",
        worker_alive: true,
        running: [{ consult_id, running_ms: 700 }],
      }),
    );
    worker.answer(id, workerResult(consult_id, "Why?"));
    await answer(1);
    expect(await health(3)).toMatchObject(structured({ running: [] }));
  });

  test("says that a rollout is pending once another binary is there", async () => {
    await using place = tempDir();
    const { health, launchPath } = await startHost(place);
    await writeFile(`${launchPath}.new`, "another binary");
    await rename(`${launchPath}.new`, launchPath);
    expect(await health(1)).toMatchObject(structured({ rollout: "pending" }));
  });

  test("is not ready between a lost worker and the next", async () => {
    await using place = tempDir();
    const { call, clock, fake, health, answer } = await startHost(place);
    call(1, "consult", { prompt: "Why?" });
    const worker = await fake.worker(1);
    worker.hello();
    const { consult_id } = await worker.execution(1);
    worker.die({ signal: "SIGKILL" });
    let asked = 50;
    await until("the loss is noticed", async () => {
      asked += 1;
      const told = JSON.stringify(await health(asked));
      return told.includes('"worker_alive":false');
    });
    expect(await health(2)).toMatchObject(
      structured({
        ready: false,
        state: "recovering",
        worker_alive: false,
        generation: 1,
        running: [{ consult_id }],
      }),
    );
    clock.advance(100);
    const successor = await fake.worker(2);
    successor.hello();
    const again = await successor.execution(1);
    expect(again.consult_id).toBe(consult_id);
    successor.answer(again.id, workerResult(consult_id, "Why?"));
    expect(await answer(1)).toMatchObject({ result: { isError: false } });
    expect(await health(3)).toMatchObject(
      structured({
        ready: true,
        generation: 2,
        restart_count: 1,
        last_fault: null,
        running: [],
      }),
    );
    call(4, "telemetry_snapshot", { render: "json" });
    expect(await answer(4)).toMatchObject(
      structured({ retries: 1, transport_faults: 0, worker_restarts: 1 }),
    );
  });

  test("of an ejected worker waits for nobody, and is ready when that is over", async () => {
    await using place = tempDir();
    const { call, clock, fake, health, answer } = await startHost(place, {
      PHONE_OPUS_RESTARTS: "0",
      PHONE_OPUS_RESTART_PERIOD_S: "60",
    });
    call(1, "consult", { prompt: "Why?" });
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    worker.die({ signal: "SIGKILL" });
    expect(await answer(1)).toMatchObject({
      result: { structuredContent: { fault: { code: "budget_exhausted" } } },
    });
    const dead = { worker_alive: false, running: [], state: "cold" };
    expect(await health(2)).toMatchObject(
      structured({ ...dead, ready: false, worker_phase: "ejected" }),
    );
    clock.advance(60_000);
    expect(await health(3)).toMatchObject(
      structured({ ...dead, ready: true, worker_phase: "absent" }),
    );
  });
});
