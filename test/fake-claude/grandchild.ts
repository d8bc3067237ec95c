// What Claude's Bash tool leaves behind: a process in a session of its own, out of reach of a group kill.
import { appendFileSync } from "node:fs";
import { env } from "./lines.ts";

/** Lives five minutes at most. Its pid goes to the file FAKE_CLAUDE_GRANDCHILD, one line each. */
export function spawnGrandchild(options: {
  stdout: "ignore" | "inherit";
}): void {
  const child = Bun.spawn(["sleep", "300"], {
    detached: true,
    stdio: ["ignore", options.stdout, "ignore"],
  });
  child.unref();
  const file = env("FAKE_CLAUDE_GRANDCHILD");
  if (file !== undefined) appendFileSync(file, `${child.pid}\n`);
}
