// A short question to a program, and the ways in which it may fail to answer.

import { expect, test } from "bun:test";
import { capture, type CaptureRequest } from "../../src/sys/capture.ts";
import { identifyProcess, sendSignal } from "../../src/sys/processes.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";

const ask = (script: string, options: Partial<CaptureRequest> = {}) =>
  capture({
    command: ["sh", "-c", script],
    cwd: "/",
    environment: { PATH: "/usr/bin:/bin" },
    timeoutMs: 20_000,
    maxBytes: 1000,
    ...options,
  });

test("what it printed and its exit code are told", async () => {
  expect(await ask("printf 'a\\0b'; exit 3")).toEqual({
    ok: true,
    code: 3,
    stdout: Buffer.from("a\0b"),
  });
});

test.each([
  ["hangs", "exec sleep 600", { timeoutMs: 50 }, "SIGKILL"],
  ["floods", "exec yes", {}, "more than 1000 bytes"],
  ["dies", "kill -9 $$", {}, "SIGKILL"],
])("one that %s is no answer", async (_name, script, options, reason) => {
  const told = await ask(script, options);
  expect(told).toMatchObject({ ok: false });
  expect(JSON.stringify(told)).toContain(reason);
});

test.each([
  ["in its group, and is ended", "sleep 600", true],
  ["out of its group", "setsid sleep 600", false],
])(
  "one whose child hangs %s, does not hold us up",
  async (_, child, isEnded) => {
    await using dir = tempDir();
    const script = `${child} & echo $! >${dir.at("pid")}; wait`;
    expect(await ask(script, { timeoutMs: 300 })).toEqual({
      ok: false,
      reason: "ended by SIGKILL",
    });
    const pid = Number(await Bun.file(dir.at("pid")).text());
    if (!isEnded) sendSignal(pid, "SIGKILL");
    await until("the child is gone", () => identifyProcess(pid) === undefined);
  },
);

test.each([
  ["a program that is not there", { command: ["no-such-program"] }],
  ["a directory that is not there", { cwd: "/nowhere-at-all" }],
])("%s is told as such", async (_name, options) => {
  const told = await ask("true", options);
  expect(JSON.stringify(told)).toMatch(/ENOENT|not found/);
});

test("one that ends and leaves its output to another has answered", async () => {
  const told = await ask("sleep 600 & printf x", { timeoutMs: 300 });
  expect(told.ok ? told.stdout.toString() : undefined).toBe("x");
});
