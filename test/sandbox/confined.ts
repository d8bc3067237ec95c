// Runs commands through `phone-opus mcp confine` of the compiled binary, in a directory
// of three parts: `open` may be read, `work` written, and `hidden` neither.

import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Policy } from "../../src/sandbox/policy.ts";
import { kernelLayer } from "../../src/sandbox/probe.ts";

export const binary = join(import.meta.dir, "../../dist/phone-opus");

/** Where it is not, what is shown is that nothing starts unconfined. */
export const hasLandlock = kernelLayer().kind === "landlock";

export type Place = ReturnType<typeof openPlace>;

export function openPlace() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-confine-")));
  const at = (...names: string[]) => join(root, ...names);
  for (const name of ["open", "work", "hidden"]) mkdirSync(at(name));
  const policy: Policy = {
    format: 1,
    working_directory: at("open"),
    rules: [
      { path: "/", access: "list" },
      ...["/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/opt"].map(
        (path) => ({ path: real(path), access: "read" as const }),
      ),
      { path: real(process.execPath), access: "read" },
      { path: "/dev/null", access: "device" },
      { path: at("open"), access: "read" },
      { path: at("work"), access: "write" },
    ],
    connect_ports: [443],
  };
  const policyPath = at("policy.json");

  const start = (
    command: readonly string[],
    changes: Partial<Policy> | string = {},
  ) => {
    const written =
      typeof changes === "string"
        ? changes
        : JSON.stringify({ ...policy, ...changes });
    writeFileSync(policyPath, written);
    return Bun.spawn([binary, "mcp", "confine", policyPath, ...command], {
      cwd: "/",
      env: { PATH: Bun.env["PATH"] ?? "", ROOT: root, HOME: at("work") },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  };

  const finish = async (child: ReturnType<typeof start>) => {
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { stdout, stderr, code };
  };

  return {
    root,
    at,
    policy,
    start,
    run: (command: readonly string[], changes?: Partial<Policy> | string) =>
      finish(start(command, changes)),
    /** A script for sh, `$ROOT` is the directory. */
    shell: (script: string, changes?: Partial<Policy>) =>
      finish(start(["/bin/sh", "-c", script], changes)),
    /** A script for bun. */
    script: (text: string, changes?: Partial<Policy>) =>
      finish(start([process.execPath, "-e", text], changes)),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
