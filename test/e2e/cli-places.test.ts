// The compiled binary as a user whom file modes bind, and to whom the machine gives no
// place of its own: each command says in one line what is wrong, or works.

import { describe, expect, test } from "bun:test";
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
  test.each([["consult", "Why?"], ["ps"], ["mcp", "serve"], ["--version"]])(
    "is told to set HOME by %s",
    async (...words) => {
      await using here = shell();
      expect(await run(here, words, { HOME: undefined })).toEqual({
        code: 2,
        stdout: "",
        stderr:
          "phone-opus: HOME is not set, and this user has no home directory: set HOME\n",
      });
    },
  );
});
