// A signal that comes while the image is replaced: it is neither lost nor the end.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "../helpers/temp-dir.ts";

const dir = tempDir();
const program = dir.at("shields-signals");

// From source, Bun waits for the system before the first line runs, and while it waits
// no signal is held back.
beforeAll(async () => {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "shields-signals-fixture.ts")],
    target: "bun",
    compile: { outfile: program },
  });
  expect(built.success).toBe(true);
});
afterAll(() => dir[Symbol.asyncDispose]());

async function run(...words: string[]) {
  await using child = Bun.spawn([program, ...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  return await child.stdout.text();
}

describe.each(["SIGINT", "SIGTERM", "SIGHUP"])("%s", (signal) => {
  test("in the old image's last moment is told to the next", async () => {
    expect(await run(signal, "becomes")).toBe("told to end\nalarm none\n");
  });

  test("is told when the image stays", async () => {
    expect(await run(signal, "fails")).toBe("told to end\nstays\n");
  });
});

test.each(["slow", "late"])(
  "the alarm of a second is not lost where one of the images takes longer: %s",
  async (pace) => {
    expect(await run("SIGHUP", "becomes", pace)).toBe(
      "told to end\nalarm none\n",
    );
  },
);

test("without a signal nobody is told anything", async () => {
  expect(await run("none", "becomes")).toBe("not told\nalarm none\n");
  expect(await run("none", "fails")).toBe("not told\nstays\n");
});

test("an alarm that somebody else set is left to him", async () => {
  expect(await run("alarm", "becomes")).toBe("not told\nalarm left\n");
});
