// Health and telemetry in text, letter by letter, as models, people and scripts read them.

import { expect, test } from "bun:test";
import { healthText, telemetryText } from "../../src/render/porcelain.ts";
import { projectHealth } from "../../src/render/projection.ts";
import type { HealthSnapshot } from "../../src/tools/snapshots.ts";
import {
  busyTelemetry,
  calmHealth,
  consultId,
  quietTelemetry,
  troubledHealth,
} from "./samples.ts";

const lines = (...each: string[]) => each.join("\n");

test("health is one line that says ready or not, and why not", () => {
  expect(healthText(calmHealth, "concise")).toBe("ready gen=1 worker=dead");
  expect(
    healthText(
      { ...calmHealth, state: "ready", worker_alive: true },
      "concise",
    ),
  ).toBe("ready gen=1 worker=alive");
  expect(healthText(troubledHealth, "concise")).toBe(
    "not-ready gen=4 last_fault=timeout worker=alive rollout=pending launch_path=unstable running=1 queued=1 breaker=open",
  );
});

test("full health lists the rest line by line", () => {
  expect(healthText(calmHealth, "full")).toBe(
    lines(
      "ready gen=1 worker=dead",
      "version: 0.1.0",
      "pid: 4242",
      "state: cold",
      "uptime: 999ms",
      "consecutive_failures: 0",
      "restarts: 0",
      "worker: absent",
      "breaker: closed",
      "rollout: stable",
      "ledger_bytes: 24576",
      "launch_path: /usr/local/bin/phone-opus",
      "sandbox: auto, landlock: Landlock ABI 7",
    ),
  );
  expect(healthText(troubledHealth, "full").split("\n").slice(7)).toEqual([
    "worker: waiting",
    "breaker: open",
    "rollout: pending",
    "claude_version: 2.1.329",
    "ledger_bytes: 24576",
    "oldest_run: 1.500s",
    "launch_path: /usr/local/bin/phone-opus",
    "sandbox: auto, landlock: Landlock ABI 7",
    "last_fault: No answer in 30 minutes: ask for less.",
    `running: ${consultId} for 1.500s, turn 1: writing`,
    "running: c_2 for 20ms, queued at place 1",
  ]);
});

test("a sandbox that is required and missing makes health not ready, and says so", () => {
  const missing: HealthSnapshot = {
    ...calmHealth,
    sandbox: {
      mode: "required",
      kind: "none",
      detail: "this kernel was built without Landlock",
      is_missing: true,
    },
  };
  expect(healthText(missing, "concise")).toBe(
    "not-ready gen=1 worker=dead sandbox=missing",
  );
  expect(healthText(missing, "full")).toContain(
    "\nsandbox: required, none: this kernel was built without Landlock",
  );
  expect(projectHealth(missing, "concise")).toMatchObject({
    ready: false,
    sandbox_missing: true,
  });
  expect(projectHealth(calmHealth, "concise")).not.toHaveProperty(
    "sandbox_missing",
  );
});

test("a variable that refuses every consult is no readiness", () => {
  const configuration_problem = 'PHONE_OPUS_WAIT_S is "soon": correct it.';
  const wrong = { ...calmHealth, configuration_problem };
  expect(healthText(wrong, "concise")).toBe(
    "not-ready gen=1 worker=dead misconfigured",
  );
  expect(healthText(wrong, "full")).toContain(
    `\nconfiguration: ${configuration_problem}`,
  );
});

test("telemetry is totals and the six hottest methods", () => {
  expect(telemetryText(busyTelemetry, "concise")).toBe(
    lines(
      "requests=16 success=12 response_error=3 transport_fault=1 retry=2",
      "worker_restarts=1 host_rollouts=0",
      "hot methods:",
      "tools/call:consult req=9 err=3 transport=1 retry=2",
      "b req=1 err=0 transport=0 retry=0",
      "c req=1 err=0 transport=0 retry=0",
      "d req=1 err=0 transport=0 retry=0",
      "e req=1 err=0 transport=0 retry=0",
      "f req=1 err=0 transport=0 retry=0",
    ),
  );
});

test("full telemetry has every method with times and last error", () => {
  const text = telemetryText(busyTelemetry, "full").split("\n");
  expect(text.slice(3, 5)).toEqual([
    String.raw`tools/call:consult req=9 err=3 transport=1 retry=2 avg=1.000s max=61.234s last_error="Not logged in.\nRun claude."`,
    "b req=1 err=0 transport=0 retry=0 avg=5ms max=5ms",
  ]);
  expect(text.length).toBe(10);
});

test("telemetry of nothing has no methods", () => {
  expect(telemetryText(quietTelemetry, "concise")).toBe(
    lines(
      "requests=0 success=0 response_error=0 transport_fault=0 retry=0",
      "worker_restarts=0 host_rollouts=0",
    ),
  );
});

// Names come from clients: none may forge a line of ours.
test("a method name cannot forge a line", () => {
  const [first] = busyTelemetry.methods;
  if (first === undefined) throw new Error("no sample");
  const forged = { ...first, method: "x\nrequests=0" };
  const text = telemetryText({ ...busyTelemetry, methods: [forged] }, "full");
  expect(text.split("\n").length).toBe(4);
});
