// Recovery as a client sees it: a worker that will not start, a downstream that keeps
// failing, and `phone-opus mcp reload`.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../chaos/session.ts";
import { fakeClaude } from "../fake-claude/fake-claude.ts";
import { faultOf, responseOf } from "./supervision-client.ts";
import { supervisionPlace } from "./supervision-place.ts";

setDefaultTimeout(30_000);

const main = join(import.meta.dir, "../../src/main.ts");
const place = supervisionPlace({ FAKE_CLAUDE_MS: "100" });
const { begin, starts } = place;

const reload = (...words: string[]) =>
  place.phoneOpus("mcp", "reload", ...words);

test("a worker that dies at every start: the budget, one sentence, reload", async () => {
  // A host starts its own program as its worker, so the program is one that can fail.
  const command = join(place.scene().home, "phone-opus.ts");
  const broken = join(place.scene().home, "broken");
  const trace = join(place.scene().home, "worker-starts");
  const workerStarts = () =>
    existsSync(trace) ? readFileSync(trace, "utf8").length : 0;
  writeFileSync(
    command,
    [
      "#!/usr/bin/env bun",
      'import { appendFileSync, existsSync } from "node:fs";',
      'if (process.argv[3] === "worker") {',
      `  appendFileSync(${JSON.stringify(trace)}, "x");`,
      `  if (existsSync(${JSON.stringify(broken)})) process.exit(9);`,
      "}",
      `await import(${JSON.stringify(main)});`,
    ].join("\n"),
    { mode: 0o700 },
  );
  writeFileSync(broken, "");
  await using session = await begin({}, command);

  const startedMs = performance.now();
  const first = faultOf(await session.consult("first"));
  const spentMs = performance.now() - startedMs;
  expect(first.fault.code).toBe("budget_exhausted");
  expect(first.fault.detail).toMatch(
    /^The worker failed too often \(exit code 9\) and is not started again for \d+ s: run `phone-opus mcp reload` to try now\.$/,
  );
  // The back-offs: 100, 200, 400, 800, 1600 ms.
  expect(spentMs).toBeGreaterThan(3000);
  expect(spentMs).toBeLessThan(8000);
  expect(workerStarts()).toBe(6);
  const inMs = (first.retry_at_unix_ms ?? 0) - Date.now();
  expect(inMs).toBeGreaterThan(280_000);
  expect(inMs).toBeLessThan(300_000);
  expect(await session.health()).toMatchObject({
    worker_phase: "ejected",
    worker_alive: false,
    restart_count: 5,
    last_fault: { code: "budget_exhausted" },
  });
  expect(await session.telemetry()).toMatchObject({
    restart_count: 5,
    totals: { retry_count: 0, transport_fault_count: 1 },
  });

  const againMs = performance.now();
  for (const prompt of ["second", "third"]) {
    const { fault } = faultOf(await session.consult(prompt));
    expect(fault.code).toBe("budget_exhausted");
  }
  expect(performance.now() - againMs).toBeLessThan(500);
  expect(workerStarts()).toBe(6);

  rmSync(broken);
  expect((await reload()).code).toBe(0);
  await until(
    "the ejection is over",
    async () => (await session.health()).worker_phase === "absent",
    3000,
  );
  expect(responseOf(await session.consult("fourth"))).toBe("The answer is 42.");
  expect(await session.health()).toMatchObject({
    worker_phase: "ready",
    generation: 7,
    restart_count: 6,
    last_fault: null,
  });
  expect((await session.telemetry()).totals.retry_count).toBe(0);
  expect(await starts()).toBe(1);
});

test("not logged in: Claude is started once for three consults, reload lets one through", async () => {
  await using session = await begin({
    PHONE_OPUS_CLAUDE_BIN: fakeClaude("not-logged-in"),
  });
  const first = faultOf(await session.consult("first"));
  expect(first.fault.reason).toBe("not_logged_in");
  for (const prompt of ["second", "third"]) {
    const { fault } = faultOf(await session.consult(prompt));
    expect(fault.code).toBe("breaker_open");
    expect(fault.detail).toContain(first.fault.detail);
    expect(fault.detail).toContain("`phone-opus mcp reload`");
  }
  expect(await starts()).toBe(1);
  expect((await session.health()).breaker).toBe("open");
  await reload();
  await until(
    "the breaker is closed",
    async () => (await session.health()).breaker === "closed",
    3000,
  );
  const { fault } = faultOf(await session.consult("fourth"));
  expect(fault.reason).toBe("not_logged_in");
  expect(await starts()).toBe(2);
});

test("after its time the breaker lets one probe through", async () => {
  await using session = await begin({
    PHONE_OPUS_BREAKER_S: "1",
    PHONE_OPUS_CLAUDE_BIN: fakeClaude("not-logged-in"),
  });
  faultOf(await session.consult("first"));
  await until(
    "a probe",
    async () =>
      faultOf(await session.consult("again")).fault.code !== "breaker_open",
    5000,
  );
  expect(await starts()).toBe(2);
  expect((await session.health()).breaker).toBe("open");
});

test("five overloaded in a row open the breaker", async () => {
  await using session = await begin({
    PHONE_OPUS_CLAUDE_BIN: fakeClaude("overloaded"),
  });
  for (let count = 1; count <= 5; count += 1) {
    const { fault } = faultOf(await session.consult(`question ${count}`));
    expect(fault.reason).toBe("overloaded");
  }
  const { fault } = faultOf(await session.consult("one more"));
  expect(fault.code).toBe("breaker_open");
  expect(await starts()).toBe(5);
});
