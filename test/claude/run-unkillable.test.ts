// A process of the run that no signal ends, such as one that reads from a network disk
// that hangs: it stays, and the answer is there all the same.

import { expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { identifyProcess } from "../../src/sys/processes.ts";
import { consulting, temporaryDirectory } from "./consulting.ts";
import { resultLine, shellClaude } from "./shell-claude.ts";

test("an answer does not wait for what cannot be killed", async () => {
  using directory = temporaryDirectory();
  const pidFile = join(directory.path, "pid");
  const path = shellClaude(
    join(directory.path, "claude"),
    `sleep 300 & echo $! >${pidFile}\necho '${resultLine("It is 42.")}'`,
  );
  const logged: string[] = [];
  await using here = consulting({
    program: { path },
    ports: { log: (line) => void logged.push(line) },
  });
  const kill = process.kill.bind(process);
  const pid = () => Number(readFileSync(pidFile, "utf8"));
  const deaf = spyOn(process, "kill").mockImplementation((to, signal) =>
    to === pid() ? true : kill(to, signal),
  );
  try {
    const { outcome, spool } = await here.ask();
    expect(outcome).toMatchObject({
      status: "done",
      answer: { response: "It is 42." },
    });
    expect(spool.readOutcome()).toEqual(outcome);
    expect(logged.join()).toContain("faster than they can be killed");
    expect(identifyProcess(pid())).toBeDefined();
  } finally {
    deaf.mockRestore();
    kill(pid(), "SIGKILL");
  }
}, 60_000);
