// `phone-opus mcp reload`: whom it reaches, and that runs go on through it.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { until } from "../chaos/session.ts";
import { responseOf } from "./supervision-client.ts";
import { supervisionPlace } from "./supervision-place.ts";

setDefaultTimeout(30_000);

const place = supervisionPlace({ FAKE_CLAUDE_MS: "100" });
const { begin, started, starts } = place;

const reload = (...words: string[]) =>
  place.phoneOpus("mcp", "reload", ...words);

test("reload during a consult keeps it running and answers it", async () => {
  await using session = await begin({ FAKE_CLAUDE_MS: "1500" });
  const answer = session.consult("a question");
  await started(1);
  const before = session.workers();
  expect((await reload(String(session.pid))).code).toBe(0);
  expect(responseOf(await answer)).toBe("The answer is 42.");
  expect(await starts()).toBe(1);
  expect(session.workers()).not.toEqual(before);
  expect(await session.health()).toMatchObject({
    generation: 2,
    restart_count: 1,
    worker_phase: "ready",
  });
  expect((await session.telemetry()).totals.retry_count).toBe(1);
});

test("reloads, however many, are no lost attempts of a consult", async () => {
  await using session = await begin({ FAKE_CLAUDE_MS: "8000" });
  const answer = session.consult("a question");
  await started(1);
  for (let generation = 1; generation <= 6; generation += 1) {
    await until(
      `generation ${generation}`,
      async () => {
        const health = await session.health();
        return (
          health.generation === generation && health.worker_phase === "ready"
        );
      },
      5000,
    );
    await reload();
  }
  expect(responseOf(await answer)).toBe("The answer is 42.");
  expect(await starts()).toBe(1);
});

test("reload helps against a worker that hangs", async () => {
  await using session = await begin({ FAKE_CLAUDE_MS: "500" });
  const answer = session.consult("a question");
  await started(1);
  const workers = session.workers();
  for (const pid of workers) process.kill(pid, "SIGSTOP");
  try {
    await reload();
    const late = Bun.sleep(10_000).then(() => "no answer");
    expect(await Promise.race([answer.then(responseOf), late])).toBe(
      "The answer is 42.",
    );
  } finally {
    for (const pid of workers) {
      if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGCONT");
    }
  }
});

test("reload with a pid reaches that server alone", async () => {
  await using one = await begin();
  await using other = await begin();
  await Promise.all([one.consult("one"), other.consult("other")]);
  const { code, stderr } = await reload(String(one.pid));
  expect(code).toBe(0);
  expect(stderr).toContain("1 server reloaded");
  await until(
    "its worker is gone",
    async () => (await one.health()).worker_phase === "absent",
    3000,
  );
  expect((await other.health()).worker_phase).toBe("ready");
  expect((await reload()).stderr).toContain("2 servers reloaded");
  await until(
    "the other's too",
    async () => (await other.health()).worker_phase === "absent",
    3000,
  );
});

test("reload: an unknown pid is exit 1, bad words are exit 2", async () => {
  const unknown = await reload(String(process.pid));
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain(
    `no server of yours has the pid ${process.pid}`,
  );
  for (const words of [["nobody"], ["-1"], ["1", "2"], ["1.5"], [""]]) {
    expect((await reload(...words)).code).toBe(2);
  }
  expect((await reload()).stderr).toContain("0 servers reloaded");
});
