// The demo and the benchmark are what a newcomer runs first: they must work, and say so when they cannot.

import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

setDefaultTimeout(120_000);

const root = join(import.meta.dir, "../..");

/** Runs a program of ours from an empty directory, which is its home, too. */
async function runScript(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const home = await mkdtemp(join(tmpdir(), "phone-opus-demo-"));
  try {
    await using child = Bun.spawn([process.execPath, "run", ...words], {
      cwd: root,
      env: {
        PATH: Bun.env["PATH"] ?? "/usr/bin:/bin",
        HOME: home,
        XDG_STATE_HOME: join(home, "state"),
        INIT_CWD: home,
        ...environment,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { stdout, stderr, code };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

test("the demo shows every hop and works without an account", async () => {
  const { stdout, code } = await runScript(["test/demo/demo.ts"]);
  for (const hop of [
    "client → host",
    "host → worker",
    "worker → runner",
    "runner → Claude",
    "Claude → API",
    "API → Claude",
    "Claude → runner",
    "host → client",
  ]) {
    expect(stdout).toContain(`\n${hop} `);
  }
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^It worked: .* s\.$/);
  expect(code).toBe(0);
});

test("a question to the demo goes to the user's own Claude Code, or says that it is not there", async () => {
  const { stdout, stderr, code } = await runScript(
    ["test/demo/demo.ts", "Which key?"],
    { PHONE_OPUS_CLAUDE_BIN: "/no/such/claude" },
  );
  expect(stderr).toContain(
    'phone-opus: PHONE_OPUS_CLAUDE_BIN is "/no/such/claude", which is no executable file: correct it or remove it.\n',
  );
  expect(stdout).toBe("");
  expect(code).toBe(4);
});

test("the benchmark gives figures with unit and number of runs", async () => {
  const { stdout, code } = await runScript([
    "test/bench/bench.ts",
    "--quick",
    "--json",
  ]);
  const { machine, figures } = z
    .object({
      machine: z.object({ cores: z.int(), bun: z.string() }).loose(),
      figures: z.array(
        z.looseObject({
          what: z.string(),
          unit: z.enum(["ms", "ratio", "MB"]),
          n: z.int().min(1),
          median: z.number(),
          min: z.number(),
          max: z.number(),
        }),
      ),
    })
    .parse(JSON.parse(stdout));
  expect(machine.bun).toBe(Bun.version);
  expect(figures.map(({ what }) => what)).toContain("six at once over one");
  expect(code).toBe(0);
});
