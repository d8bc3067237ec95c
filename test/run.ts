// Every suite, one after another, and at the end one line that sums them up. The
// static checks are a suite like the others.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const root = join(import.meta.dir, "..");
const bin = join(root, "node_modules/.bin");
const sources = ["src", "test", "build.ts"];

interface Tally {
  passed: number;
  failed: number;
}

// Nothing that a test starts may find the state or the settings of whoever runs it.
const scratch = await mkdtemp(join(tmpdir(), "phone-opus-test-"));
const environment = {
  ...Bun.env,
  PATH: [bin, Bun.env["PATH"]].join(delimiter),
  HOME: join(scratch, "home"),
  XDG_STATE_HOME: join(scratch, "state"),
  FORCE_COLOR: "0",
  PHONE_OPUS_TEST_BUILDS: join(scratch, "builds"),
};

async function run(words: string[], onLine: (line: string) => void) {
  const child = Bun.spawn(words, {
    cwd: root,
    env: environment,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "pipe",
  });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of child.stderr) {
    process.stderr.write(bytes);
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  }
  onLine(rest);
  return child.exited;
}

/** One check that passes or fails as a whole. */
async function check(name: string, words: string[]): Promise<Tally> {
  const code = await run(words, () => {});
  console.log(`${code === 0 ? "pass" : "FAIL"}: ${name}`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Two files at a time: most tests wait for processes rather than for the processor.
 * bun test ends with lines such as ` 9 pass` and ` 0 fail`.
 */
async function bunTest(): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0 };
  const code = await run(
    [
      "bun",
      "test",
      "--parallel=2",
      "--timeout",
      "120000",
      ...process.argv.slice(2),
    ],
    (line) => {
      const count = line.match(/^ *(\d+) (pass|fail)$/);
      if (count?.[2] === "pass") tally.passed = Number(count[1]);
      if (count?.[2] === "fail") tally.failed = Number(count[1]);
    },
  );
  // A crash of the runner itself is a failure that no line counted.
  if (code !== 0 && tally.failed === 0) tally.failed = 1;
  if (code === 0 && tally.passed === 0) tally.failed = 1;
  return tally;
}

const tallies: Tally[] = [
  await check("format", ["bun", "fmt", "--check", "--no-script", ...sources]),
  await check("lint", ["oxlint", ...sources]),
  await check("types", ["tsc"]),
  await check("build", ["bun", "run", "build.ts"]),
  await bunTest(),
];
await rm(scratch, { recursive: true, force: true });

const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
