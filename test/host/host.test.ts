// The whole host inside the test: what is recorded, how its worker is started and left.

import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { tempDir } from "../helpers/temp-dir.ts";
import { workerResult } from "./fake-keeper.ts";
import { startHost } from "./hosting.ts";

describe("a host", () => {
  test("records each tool call in the log, and no prompt", async () => {
    await using place = tempDir();
    const { call, fake, answer, paths, clock } = await startHost(place);
    call(1, "consult", { prompt: "a secret" });
    const worker = await fake.worker(1);
    worker.hello();
    const { id, consult_id } = await worker.execution(1);
    clock.advance(40);
    worker.answer(id, workerResult(consult_id, "a secret"));
    await answer(1);
    call(2, "consult", { prompt: "a secret", tone: 1 });
    await answer(2);
    const log = await readFile(paths.telemetryLog, "utf8");
    const records = log.trimEnd().split("\n");
    const common = {
      unix_ms: clock.unixMs(),
      repo_root: place.path,
      tool_name: "consult",
      replay_attempts: 0,
    };
    expect(records.map((line): unknown => JSON.parse(line))).toMatchObject([
      {
        ...common,
        request_id: 1,
        latency_ms: 40,
        outcome: "ok",
        error_code: null,
        error_kind: null,
        error_message: null,
      },
      {
        ...common,
        request_id: 2,
        outcome: "error",
        error_code: -32602,
        error_kind: "invalid_input",
      },
    ]);
    expect(log).not.toContain("a secret");
  });

  test("starts its worker without the two variables that Bun obeys", async () => {
    await using place = tempDir();
    const { call, fake, answer, launchPath } = await startHost(place, {
      BUN_OPTIONS: "--inspect",
      BUN_BE_BUN: "1",
      KEPT: "yes",
    });
    call(1, "consult", { prompt: "Why?" });
    const worker = await fake.worker(1);
    expect(worker.environment).toEqual({ KEPT: "yes" });
    expect(worker.command).toEqual(
      `${launchPath} mcp worker --generation 1`.split(" "),
    );
    worker.hello();
    const { id, consult_id } = await worker.execution(1);
    worker.answer(id, workerResult(consult_id, "Why?"));
    await answer(1);
  });

  test("logs a bad variable at once and starts no worker for it", async () => {
    await using place = tempDir();
    const { call, fake, answer, logged } = await startHost(place, {
      PHONE_OPUS_MAX_LINE_BYTES: "many",
    });
    expect(logged.join("\n")).toContain("PHONE_OPUS_MAX_LINE_BYTES");
    call(1, "consult", { prompt: "Why?" });
    expect(await answer(1)).toMatchObject({ result: { isError: true } });
    expect(fake.workers).toEqual([]);
  });

  test("says farewell to its worker when the client is gone", async () => {
    await using place = tempDir();
    const { host, call, fake } = await startHost(place);
    call(1, "consult", { prompt: "Why?" });
    const worker = await fake.worker(1);
    worker.hello();
    await worker.execution(1);
    host.end();
    expect(worker.received().at(-1)).toMatchObject({ kind: "end" });
    expect(worker.isStdinClosed()).toBe(true);
    worker.die({ code: 0 });
  });
});
