// dist/phone-opus, built anew when a source is younger: demo and benchmark must show what the checkout says.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dir, "../..");

/** The path of the binary; throws with a sentence when it cannot be built. */
export async function builtBinary(): Promise<string> {
  const path = join(root, "dist/phone-opus");
  if (existsSync(path) && statSync(path).mtimeMs > newestSource()) return path;
  console.error("building dist/phone-opus");
  const build = Bun.spawn([process.execPath, "run", "build.ts"], {
    cwd: root,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  if ((await build.exited) !== 0 || !existsSync(path)) {
    throw new Error("dist/phone-opus could not be built: see the lines above.");
  }
  return path;
}

function newestSource(): number {
  const sources = [...new Bun.Glob("src/**/*.ts").scanSync(root)];
  return Math.max(
    ...[...sources, "build.ts", "package.json", "package-lock.json"].map(
      (path) => statSync(join(root, path)).mtimeMs,
    ),
  );
}
