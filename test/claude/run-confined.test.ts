// A run under the kernel layer is a run like any other: started once, followed, stopped,
// adopted. And where the layer cannot be had, it is told before anything is spent.

import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernelLayer } from "../../src/sandbox/probe.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { spawnOnFiles } from "../../src/sys/spawn.ts";
import { binary } from "../sandbox/confined.ts";
import { startRunner } from "./abandoned.ts";
import { consulting, type Given, until } from "./consulting.ts";

const kernel = kernelLayer();

/** The stand-ins write no notes here: they could not. */
function confined(given: Given) {
  return consulting({
    ...given,
    environment: {
      PHONE_OPUS_SANDBOX: "auto",
      FAKE_CLAUDE_STARTS: "",
      FAKE_CLAUDE_GRANDCHILD: "",
      ...given.environment,
    },
    ports: { kernel, program: [binary], ...given.ports },
  });
}

if (kernel.kind === "landlock") {
  test("it answers, its process on record is Claude's own", async () => {
    await using here = confined({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "800" },
    });
    const { id, spool } = here.accepted();
    const driven = here.drive(id);
    await until(
      "Claude writes",
      () => spool.hasOutput() && spool.outputBytes() > 0,
    );
    const claude = spool.readRun()?.process;
    const pid = claude?.pid ?? 0;
    expect(identifyProcess(pid)).toEqual(claude);
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(
      /NoNewPrivs:\s*1/,
    );
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(
      "confine",
    );
    expect(existsSync(join(spool.directory, "tmp"))).toBe(true);
    expect((await driven).status).toBe("done");
    expect(existsSync(join(spool.directory, "tmp"))).toBe(false);
    expect(await here.survivors()).toEqual([]);
  });

  test("a cancelled one leaves no process", async () => {
    await using here = confined({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "60000" },
    });
    const cancel = new AbortController();
    const { id, spool } = here.accepted();
    const driven = here.drive(id, { signal: cancel.signal });
    await until("Claude writes", () => spool.outputBytes() > 0);
    cancel.abort("Never mind.");
    expect((await driven).status).toBe("cancelled");
    expect(await here.survivors()).toEqual([]);
    expect(existsSync(join(spool.directory, "tmp"))).toBe(false);
  });

  test("one whose runner was killed is gone on with, under the same layer", async () => {
    await using here = confined({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "1500" },
    });
    const { id, spool } = here.accepted();
    const runner = startRunner(here, id);
    await until("Claude writes", () => spool.outputBytes() > 0);
    const claude = spool.readRun()?.process;
    runner.kill("SIGKILL");
    await runner.exited;
    const outcome = await here.drive(id);
    expect(outcome).toMatchObject({
      status: "done",
      answer: { response: "The answer is 42." },
    });
    expect(spool.readRun()).toMatchObject({
      process: claude,
      sandbox: { kind: "landlock" },
    });
    expect(existsSync(join(spool.directory, "tmp"))).toBe(false);
  });

  test("a Claude that is gone by then is told as not installed", async () => {
    await using here = confined({
      program: { path: "/bin/sh" },
      ports: {
        askVersion: () => Promise.resolve("2.1.329"),
        spawn: (request) =>
          spawnOnFiles({
            ...request,
            command: request.command.with(4, "/bin/no-such-claude"),
          }),
      },
    });
    const { outcome } = await here.ask();
    if (outcome.status !== "failed") throw new Error(outcome.status);
    expect(outcome.fault.fault.reason).toBe("not_installed");
    expect(outcome.fault.fault.detail).toContain("ENOENT");
  });
} else {
  test("it answers, and says that nothing held it", async () => {
    await using here = confined({ program: "answers" });
    const { outcome, spool } = await here.ask();
    expect(outcome.status).toBe("done");
    expect(spool.readRun()?.sandbox?.is_complete).toBe(false);
  });
}

test("a policy that is spoilt starts nothing, and is told as such", async () => {
  await using here = confined({
    program: "answers",
    ports: {
      kernel: { kind: "landlock", abi: 7 },
      spawn: (request) => {
        writeFileSync(request.command[3] ?? "", "{");
        return spawnOnFiles(request);
      },
    },
  });
  const { outcome, spool } = await here.ask();
  if (outcome.status !== "failed") throw new Error(outcome.status);
  expect(outcome.fault.fault.reason).toBe("sandbox");
  expect(outcome.fault.fault.detail).toContain("is no policy");
  expect(readFileSync(spool.stdoutPath, "utf8")).toBe("");
});

test("required without a kernel layer refuses, before Claude is started", async () => {
  await using here = confined({
    program: "answers",
    environment: {
      PHONE_OPUS_SANDBOX: "required",
      FAKE_CLAUDE_STARTS: "/dev/null",
    },
    ports: { kernel: { kind: "none", why: "this kernel has no Landlock" } },
  });
  const { outcome, spool } = await here.ask();
  if (outcome.status !== "failed") throw new Error(outcome.status);
  expect(outcome.fault.fault).toMatchObject({
    code: "downstream_failure",
    reason: "sandbox",
  });
  expect(outcome.fault.fault.detail).toContain("this kernel has no Landlock");
  expect(spool.hasOutput()).toBe(false);
});
