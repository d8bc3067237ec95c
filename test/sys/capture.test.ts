// A short question to a program, and the ways in which it may fail to answer.

import { expect, test } from "bun:test";
import { capture, type CaptureRequest } from "../../src/sys/capture.ts";
import { killMarked } from "../claude/survivors.ts";

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
  ["ends", "sleep 600 & printf x", "x"],
  ["hangs", "sleep 600 & sleep 600", undefined],
])(
  "one that %s and leaves its output to another is not waited for",
  async (_name, script, said) => {
    const marker = `CAPTURE_TEST=${crypto.randomUUID()}`;
    const [name = "", value = ""] = marker.split("=");
    const environment = { PATH: "/usr/bin:/bin", [name]: value };
    try {
      const told = await ask(script, { environment, timeoutMs: 300 });
      expect(told.ok ? told.stdout.toString() : undefined).toBe(said);
    } finally {
      killMarked([marker]);
    }
  },
);

test.each([
  ["a program that is not there", { command: ["no-such-program"] }],
  ["a directory that is not there", { cwd: "/nowhere-at-all" }],
])("%s is told as such", async (_name, options) => {
  const told = await ask("true", options);
  expect(JSON.stringify(told)).toMatch(/ENOENT|not found/);
});
