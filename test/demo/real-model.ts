// The demo with the real model: the user's own installed and logged-in Claude Code answers in their directory.

import { delimiter, join } from "node:path";
import { builtBinary, root } from "./built-binary.ts";

/** Resolves with the exit code of `phone-opus consult`, whose own words say what is missing. */
export async function askRealModel(question: string): Promise<number> {
  const binary = await builtBinary();
  // npm puts our dev dependencies first on PATH, a Claude Code among them.
  const ours = join(root, "node_modules/.bin");
  const path = (Bun.env["PATH"] ?? "")
    .split(delimiter)
    .filter((directory) => directory !== ours)
    .join(delimiter);
  const consult = Bun.spawn([binary, "consult", "--", question], {
    // npm changes into the package; this is where the user was.
    cwd: Bun.env["INIT_CWD"] ?? process.cwd(),
    env: { ...Bun.env, PATH: path },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  // Ctrl-C reaches the child as well; it stops Claude Code before it ends.
  process.on("SIGINT", () => {});
  return await consult.exited;
}
