// `phone-opus doctor` through the compiled binary: what it finds, what it advises, and how
// it ends.

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { binary } from "../cli/binary.ts";
import { startWorld, type World } from "./claude-code.ts";

setDefaultTimeout(60_000);

const findingSchema = z.object({
  name: z.string(),
  level: z.enum(["ok", "warn", "fail"]),
  text: z.string(),
});
const reportSchema = z.object({ findings: z.array(findingSchema) });

const script = [{ kind: "text", text: "Unused." }] as const;

async function doctor(world: World) {
  const { code, stdout, stderr } = await world.run(["doctor", "--json"]);
  const { findings } = reportSchema.parse(JSON.parse(stdout));
  const of = (name: string) =>
    findings.find((finding) => finding.name === name);
  return { code, stderr, findings, of, stdout };
}

/** A claude that says its version and answers everything else as the script does. */
async function standIn(world: World, rest: string): Promise<void> {
  const path = join(world.root, "claude");
  await Bun.write(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && echo "2.1.329 (Claude Code)" && exit\n${rest}\n`,
  );
  chmodSync(path, 0o755);
  world.environment["PHONE_OPUS_CLAUDE_BIN"] = path;
}

test("a sound installation: nothing fails, and no secret is printed", async () => {
  await using world = await startWorld(script);
  const { code, findings, of, stdout } = await doctor(world);
  expect(findings.filter(({ level }) => level === "fail")).toEqual([]);
  expect(findings.map(({ name }) => name)).toEqual([
    "phone-opus",
    "settings",
    "claude",
    "login",
    "state",
    "sandbox",
    "deny-read",
    "running",
  ]);
  // The binary of a checkout, where builds come and go.
  expect(of("phone-opus")?.level).toBe("warn");
  expect(of("phone-opus")?.text).toContain(` at ${binary}, a place`);
  expect(of("claude")?.text).toMatch(/^Claude Code \d+\.\d+\.\d+ at \//);
  expect(of("login")?.text).toBe("logged in by api_key from ANTHROPIC_API_KEY");
  expect(of("running")?.text).toBe("0 servers, 0 consults");
  expect(stdout).not.toContain(world.environment["ANTHROPIC_API_KEY"] ?? "?");
  expect(code).toBe(0);
  expect(world.api.requests.length).toBe(0);
});

test("for people it is a table, one finding a line", async () => {
  await using world = await startWorld(script);
  const { code, stdout, stderr } = await world.run(["doctor"]);
  expect(stdout).toMatch(/^(ok|warn) +phone-opus +phone-opus \d/);
  expect(stdout.trimEnd().split("\n").length).toBe(8);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("not logged in is a failure that says what to do", async () => {
  await using world = await startWorld(script, {
    environment: { ANTHROPIC_API_KEY: undefined },
  });
  const { code, of } = await doctor(world);
  expect(of("login")).toMatchObject({ level: "fail" });
  expect(of("login")?.text).toStartWith("not logged in: run `claude` once");
  expect(code).toBe(4);
});

test("a key that is billed though there is a login is told", async () => {
  await using world = await startWorld(script);
  mkdirSync(join(world.home, ".claude"));
  await Bun.write(
    join(world.home, ".claude/.credentials.json"),
    JSON.stringify({
      claudeAiOauth: { accessToken: "token-that-is-secret" },
    }),
  );
  const { code, of, stdout } = await doctor(world);
  expect(of("login")).toMatchObject({ level: "warn" });
  expect(of("login")?.text).toContain("ANTHROPIC_API_KEY");
  expect(stdout).not.toContain("token-that-is-secret");
  expect(code).toBe(0);
});

test("no Claude Code: said once, with nothing to prove", async () => {
  await using world = await startWorld(script, {
    environment: { PHONE_OPUS_CLAUDE_BIN: "/nonexistent/claude" },
  });
  const { code, of } = await doctor(world);
  expect(of("claude")).toMatchObject({ level: "fail" });
  expect(of("login")).toBeUndefined();
  expect(code).toBe(4);
  const proof = await world.run(["doctor", "--prove"]);
  expect(proof.stderr).toBe(
    "phone-opus: nothing can be proven without a Claude Code that runs\n",
  );
  expect(proof.code).toBe(4);
});

test.each([
  ["prints garbage", "echo hello"],
  ["prints other JSON", "echo '{}'"],
  ["fails", "exit 3"],
  ["floods", "yes | head -c 1000000"],
  ["kills itself", "kill -9 $$"],
])(
  "a Claude Code that %s when asked for the login: a warning",
  async (_name, rest) => {
    await using world = await startWorld(script);
    await standIn(world, rest);
    const { code, of } = await doctor(world);
    expect(of("login")).toMatchObject({ level: "warn" });
    expect(of("login")?.text).toStartWith("Claude Code did not say whether");
    expect(code).toBe(0);
  },
);

test("a variable that cannot be used is named, and all else is looked at", async () => {
  await using world = await startWorld(script, {
    environment: { PHONE_OPUS_MAX_RUNNING: "many" },
  });
  const { code, of, findings } = await doctor(world);
  expect(of("settings")).toMatchObject({ level: "fail" });
  expect(of("settings")?.text).toStartWith('PHONE_OPUS_MAX_RUNNING is "many"');
  expect(findings.length).toBe(8);
  expect(code).toBe(2);
});

test("a state directory that others may enter is a failure", async () => {
  await using world = await startWorld(script);
  const root = join(world.state, "phone_opus");
  mkdirSync(root, { mode: 0o700 });
  expect((await doctor(world)).of("state")?.level).toBe("ok");
  chmodSync(root, 0o755);
  const { code, of } = await doctor(world);
  expect(of("state")?.text).toBe(`others may enter ${root}: chmod go= ${root}`);
  expect(code).toBe(1);
});

test("a state directory that is a file is a failure", async () => {
  await using world = await startWorld(script);
  const root = join(world.state, "phone_opus");
  await Bun.write(root, "");
  const { code, of } = await doctor(world);
  expect(of("state")?.text).toBe(`${root} is no directory: move it away`);
  expect(code).toBe(1);
});

test("what weakens the layers is a warning", async () => {
  await using world = await startWorld(script, {
    environment: {
      PHONE_OPUS_SANDBOX: "off",
      PHONE_OPUS_DENY_READ: "none",
      PHONE_OPUS_ALLOWED_ROOTS: "/nonexistent/root",
    },
  });
  const { code, of } = await doctor(world);
  for (const name of ["sandbox", "deny-read", "roots"]) {
    expect(of(name)).toMatchObject({ level: "warn" });
  }
  expect(code).toBe(0);
});

test("a running server counts", async () => {
  await using world = await startWorld(script);
  await using session = await world.connect();
  expect(session.client).toBeDefined();
  expect((await doctor(world)).of("running")?.text).toBe(
    "1 server, 0 consults",
  );
});

test.each([
  [["doctor", "--help"], 0],
  [["doctor", "me"], 2],
  [["doctor", "--cure"], 2],
])("%j ends with %i", async (words, code) => {
  await using world = await startWorld(script);
  expect((await world.run(words)).code).toBe(code);
});
