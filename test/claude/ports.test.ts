// How runners are started: in a session of their own, with this environment, their
// complaints appended to the spool's runner.log.

import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { consultPorts } from "../../src/claude/ports.ts";
import { createSpool } from "../../src/consult/spool.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { newConsultId } from "../../src/sys/ids.ts";
import { statePaths } from "../../src/sys/paths.ts";
import { parseSettings } from "../../src/sys/settings.ts";
import { temporaryDirectory } from "./consulting.ts";
import { shellClaude } from "./shell-claude.ts";

function world(program: (at: (name: string) => string) => readonly string[]) {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const settings = parseSettings({});
  if (!settings.ok) throw new Error(settings.problem);
  const logged: string[] = [];
  const environment = {
    PATH: "/usr/bin:/bin",
    COLOUR: "blue",
    ABSENT: undefined,
  };
  const ports = consultPorts({
    program: program(at),
    environment,
    paths: statePaths({ XDG_STATE_HOME: directory.path }, "/nowhere"),
    settings: settings.settings,
    clock: systemClock,
    baseDirectory: directory.path,
    log: (line) => logged.push(line),
  });
  const id = newConsultId();
  const request = { prompt: "Why?", cwd: directory.path };
  const { consultsDirectory } = ports.acceptance.ledger;
  return {
    at,
    ports,
    id,
    logged,
    spool: createSpool(consultsDirectory, id, request),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("a runner leads a session of its own and gets the program's own words", async () => {
  using here = world((at) => {
    const script = [
      `echo "$@" > ${at("words")}`,
      `env > ${at("environment")}`,
      `ps -o pid=,sid=,pgid= -p $$ > ${at("session")}`,
      `echo "it went wrong" >&2`,
      "exit 7",
    ];
    return [shellClaude(at("program"), script.join("\n")), "main.ts"];
  });
  for (const _ of [1, 2]) {
    const started = here.ports.startRunner(here.id, here.spool);
    if (!started.ok) throw new Error(started.reason);
    expect(await started.process.exited).toEqual({
      code: 7,
      signal: undefined,
    });
    const ids = readFileSync(here.at("session"), "utf8").trim().split(/\s+/);
    const { pid } = started.process;
    expect(ids.map(Number)).toEqual([pid, pid, pid]);
  }
  expect(readFileSync(here.at("words"), "utf8")).toBe(
    `main.ts mcp runner ${here.id}\n`,
  );
  const environment = readFileSync(here.at("environment"), "utf8").split("\n");
  expect(environment).toContain("COLOUR=blue");
  expect(environment.join("\n")).not.toContain("ABSENT");
  // The second runner's words stand below the first one's.
  expect(readFileSync(join(here.spool.directory, "runner.log"), "utf8")).toBe(
    "it went wrong\nit went wrong\n",
  );
});

test("a program that is not there is told, not thrown", () => {
  using here = world(() => ["/nowhere/phone-opus"]);
  expect(here.ports.startRunner(here.id, here.spool)).toMatchObject({
    ok: false,
    code: "ENOENT",
  });
});

test("a ledger that was damaged is told with its new name", () => {
  using here = world(() => ["phone-opus"]);
  const { onSetAside, path, consultsDirectory } = here.ports.acceptance.ledger;
  expect(consultsDirectory).toBe(here.at("phone_opus/consults"));
  writeFileSync(path, "");
  expect(existsSync(path)).toBe(true);
  onSetAside?.(`${path}.damaged-1`);
  expect(here.logged).toEqual([
    `the ledger was damaged; it is now ${path}.damaged-1`,
  ]);
});
