// The compiled binary as a user whom file modes bind, and to whom the machine gives no
// place of its own: each command says in one line what is wrong, or works.

import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { binary, shell } from "../cli/binary.ts";

/** A user without an entry among the users, and without root's powers. */
const asStranger = ["unshare", "--user", "--map-user=12345"];
const canBeStranger =
  Bun.which("unshare") !== null &&
  Bun.spawnSync([...asStranger, "true"]).exitCode === 0;

type Here = ReturnType<typeof shell>;

/** `environment` goes over the shell's own. */
async function run(
  here: Here,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
) {
  await using child = Bun.spawn([...asStranger, binary, ...words], {
    cwd: here.cwd,
    env: { ...here.environment, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = [child.stdout.text(), child.stderr.text()];
  const [stdout, stderr] = await Promise.all(output);
  return { code: await child.exited, stdout, stderr };
}

describe.skipIf(!canBeStranger)("a user without a home", () => {
  test.each([
    [["consult", "Why?"]],
    [["ps"]],
    [["mcp", "serve"]],
    [["--version"]],
  ])("is told to set HOME by %j", async (words) => {
    await using here = shell();
    expect(await run(here, words, { HOME: undefined })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "phone-opus: HOME is not set, and this user has no home directory: set HOME\n",
    });
  });
});

describe.skipIf(!canBeStranger)("a state directory that cannot be made", () => {
  /** A home without a right to write. */
  const closed = () => {
    const here = shell();
    chmodSync(here.at("home"), 0o555);
    return { here, environment: { XDG_STATE_HOME: undefined } };
  };

  test.each(["history", "gc"])("is named by %s", async (word) => {
    const { here, environment } = closed();
    await using _ = here;
    const root = here.at("home/.local/state/phone_opus");
    const { code, stderr } = await run(here, [word], environment);
    expect(stderr).toMatch(/^phone-opus: the state in [^\n]*\n$/);
    expect(stderr).toContain(`${root} cannot be used (EACCES: `);
    expect(code).toBe(1);
  });

  test("fails the doctor's look at it", async () => {
    const { here, environment } = closed();
    await using _ = here;
    const { code, stdout } = await run(here, ["doctor"], environment);
    expect(stdout).toMatch(
      /^fail +state +\S+\/phone_opus cannot be made in \S+\/home \(EACCES: /m,
    );
    expect(code).not.toBe(0);
  });
});

describe.skipIf(!canBeStranger)(
  "a state directory that cannot be entered",
  () => {
    const locked = () => {
      const here = shell();
      mkdirSync(here.at("state/phone_opus"), { recursive: true });
      chmodSync(here.at("state"), 0);
      return here;
    };

    test.each([[["ps"]], [["history"]], [["gc"]], [["mcp", "reload"]]])(
      "is named by %j",
      async (words) => {
        await using here = locked();
        const { code, stderr } = await run(here, words, {});
        expect(stderr).toMatch(/^phone-opus: the state in [^\n]*\n$/);
        expect(stderr).toContain("/phone_opus cannot be used (EACCES: ");
        expect(code).toBe(1);
      },
    );

    test("fails the doctor's look at it, and all else is looked at", async () => {
      await using here = locked();
      const { stdout } = await run(here, ["doctor"], {});
      expect(stdout).toMatch(
        /^fail +state +\S+\/phone_opus cannot be made in \S+ \(EACCES: /m,
      );
      expect(stdout).toMatch(/^fail +running /m);
    });
  },
);

test("the doctor names the link by which it was started, not what it leads to", async () => {
  await using here = shell();
  mkdirSync(here.at("home/bin"));
  const link = here.at("home/bin/phone-opus");
  symlinkSync(binary, link);
  const PATH = `${here.at("home/bin")}:${here.environment["PATH"]}`;
  for (const name of [link, "phone-opus"]) {
    const child = Bun.spawn(["sh", "-c", `${name} doctor --json`], {
      cwd: here.cwd,
      env: { ...here.environment, PATH },
      stdin: "ignore",
    });
    expect(await child.stdout.text()).toContain(` at ${link}`);
  }
});

test("the doctor finds the state in order after a consult", async () => {
  await using here = shell();
  await here.run(["consult", "Why?"]);
  const { stdout } = await here.run(["doctor"]);
  expect(stdout).toMatch(/^ok +state +\S+\/phone_opus, for you alone$/m);
});

test("the doctor ends as a consult would with a Claude Code that is too old", async () => {
  await using here = shell({ program: "old-version" });
  const { code, stdout } = await here.run(["doctor"]);
  expect(stdout).toMatch(/^fail +claude +Claude Code 1\.0\.20 at /m);
  expect([code, (await here.run(["consult", "Why?"])).code]).toEqual([1, 1]);
});
