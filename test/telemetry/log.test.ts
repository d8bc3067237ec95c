// The record of tool calls on disk: its fields, its bound, its privacy, and that it
// never stops the session.

import { expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type FaultRecord, faultRecord } from "../../src/base/fault.ts";
import { createTelemetryLog, maxLogBytes } from "../../src/telemetry/log.ts";
import { createFakeClock, fakeClockStartUnixMs } from "../helpers/clock.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";

function openLog(path: string) {
  const failures: string[] = [];
  const clock = createFakeClock();
  const log = createTelemetryLog({
    path,
    repoRoot: "/home/ann/shop",
    clock,
    onFailure: (reason) => failures.push(reason),
  });
  return {
    failures,
    clock,
    record: (fault?: FaultRecord, requestId: string | number = 0) =>
      log.recordToolCompletion({
        requestId,
        toolName: "consult",
        latencyMs: 12.6,
        replayAttempts: 0,
        fault,
      }),
  };
}

const readLines = (path: string): unknown[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));

const fault = faultRecord({
  code: "downstream_failure",
  stage: "claude",
  operation: "tools/call:consult",
  detail: "Not logged in.\nRun claude.",
  reason: "not_logged_in",
});

const success = {
  unix_ms: fakeClockStartUnixMs,
  repo_root: "/home/ann/shop",
  request_id: 0,
  tool_name: "consult",
  latency_ms: 13,
  replay_attempts: 0,
  outcome: "ok",
  error_code: null,
  error_kind: null,
  error_message: null,
};

test("each tool call is one line with the seed's fields", async () => {
  await using dir = tempDir();
  const path = dir.at("mcp", "telemetry.jsonl");
  const log = openLog(path);
  log.record();
  log.clock.advance(1000);
  log.record(fault, "id\n2");
  expect(readLines(path)).toEqual([
    success,
    {
      ...success,
      unix_ms: fakeClockStartUnixMs + 1000,
      request_id: "id\n2",
      outcome: "error",
      error_code: -32603,
      error_kind: "downstream_failure",
      error_message: "Not logged in.\nRun claude.",
    },
  ]);
  expect(log.failures).toEqual([]);
});

test("nothing is made before the first record, and then it is private", async () => {
  await using dir = tempDir();
  const log = openLog(dir.at("state", "mcp", "telemetry.jsonl"));
  expect(readdirSync(dir.path)).toEqual([]);
  log.record();
  expect(
    [
      dir.at("state"),
      dir.at("state", "mcp"),
      dir.at("state", "mcp", "telemetry.jsonl"),
    ].map(modeOf),
  ).toEqual([0o700, 0o700, 0o600]);
});

test("a full file becomes .1 and a new one is begun, both private", async () => {
  await using dir = tempDir();
  const path = dir.at("log");
  const log = openLog(path);
  const old = `${"x".repeat(maxLogBytes - 10)}\n`;
  writeFileSync(path, old, { mode: 0o600 });
  writeFileSync(`${path}.1`, "older still", { mode: 0o600 });
  log.record();
  expect(readLines(path)).toEqual([success]);
  expect(readFileSync(`${path}.1`, "utf8") === old).toBe(true);
  expect([modeOf(path), modeOf(`${path}.1`)]).toEqual([0o600, 0o600]);
  expect(readdirSync(dir.path).toSorted()).toEqual(["log", "log.1"]);
});

test("a file is filled to its bound and not beyond, whatever the letters", async () => {
  await using dir = tempDir();
  const path = dir.at("log");
  const log = openLog(path);
  const long = {
    ...fault,
    fault: { ...fault.fault, detail: "漢".repeat(5000) },
  };
  const lineBytes = (() => {
    log.record(long);
    return statSync(path).size;
  })();
  // Exactly one byte less than the line needs.
  writeFileSync(path, "x".repeat(maxLogBytes - lineBytes + 1));
  log.record(long);
  expect(statSync(path).size).toBe(lineBytes);
  // Exactly what it needs.
  writeFileSync(path, "x".repeat(maxLogBytes - lineBytes));
  log.record(long);
  expect(statSync(path).size).toBe(maxLogBytes);
});

test("a failure is told once, and records go on when it is over", async () => {
  await using dir = tempDir();
  const path = dir.at("mcp", "telemetry.jsonl");
  const log = openLog(path);
  writeFileSync(dir.at("mcp"), "a file in the way");
  log.record();
  log.record(fault);
  expect(log.failures.length).toBe(1);
  expect(log.failures[0]).toStartWith("EEXIST");
  rmSync(dir.at("mcp"));
  log.record();
  expect(readLines(path)).toEqual([success]);
  expect(log.failures.length).toBe(1);
});

test("a directory in the place of the log is a failure, not a throw", async () => {
  await using dir = tempDir();
  mkdirSync(dir.at("log"));
  chmodSync(dir.at("log"), 0o700);
  const log = openLog(dir.at("log"));
  log.record();
  expect(log.failures.length).toBe(1);
});

test("two processes that write at once keep their lines whole", async () => {
  await using dir = tempDir();
  const path = dir.at("log");
  const count = 400;
  const fixture = join(import.meta.dir, "logs-fixture.ts");
  const writers = ["a", "b"].map((name) =>
    Bun.spawn([process.execPath, fixture, path, name, String(count)], {
      stdin: "ignore",
      stderr: "inherit",
    }),
  );
  expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual([
    0, 0,
  ]);
  const ids = readLines(path).map((record) =>
    typeof record === "object" && record !== null && "request_id" in record
      ? String(record.request_id)
      : "no record",
  );
  const expected = ["a", "b"].map((name) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`),
  );
  expect(
    ["a", "b"].map((name) => ids.filter((id) => id.startsWith(name))),
  ).toEqual(expected);
  expect(ids.length).toBe(2 * count);
});
