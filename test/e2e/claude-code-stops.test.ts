// The real Claude Code behind the compiled binary, stopped while it works: by the client, by a person, by the time
// limit, by the end of the session. Whatever the way, no process of the run is left, its shell commands included.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { consultOutcomeSchema } from "../../src/consult/answer.ts";
import type { Script } from "../../src/messages-api/script.ts";
import { startWorld, until, type World } from "./claude-code.ts";

setDefaultTimeout(60_000);

const stall: Script = [{ kind: "stall", text: "So far, so" }];
const hang: Script = [{ kind: "hang" }];
/** Claude's shell runs this in a session of its own. */
const inBash: Script = [
  {
    kind: "tool",
    calls: [{ name: "Bash", input: { command: "sleep 317" } }],
  },
  { kind: "text", text: "Slept." },
];

const isOurs = (line: string): boolean =>
  / mcp (serve|worker|runner)/.test(line);
/** Claude Code and everything below it. */
const ofRun = (world: World): string[] =>
  world.processes().filter((line) => !isOurs(line));

async function working(world: World, script: Script): Promise<void> {
  await world.api.received(1);
  if (script === inBash) {
    await until(() => ofRun(world).some((line) => line.includes("sleep 317")));
  }
  expect(ofRun(world).length).toBeGreaterThan(0);
}

async function onlyOutcome(world: World) {
  const consults = join(world.state, "phone_opus/consults");
  const [id = ""] = readdirSync(consults);
  const path = join(consults, id, "outcome.json");
  await until(() => existsSync(path));
  return consultOutcomeSchema.parse(await Bun.file(path).json());
}

const moments = [
  ["before the first byte", hang],
  ["in mid-stream", stall],
  ["in a shell command", inBash],
] as const;

test.each(moments)(
  "cancelled over MCP %s: nothing is left, the session goes on",
  async (_moment, script) => {
    await using world = await startWorld(script);
    await using session = await world.connect();
    const abort = new AbortController();
    const call = session.consult({ prompt: "How long?" }, abort.signal);
    const rejected = call.then(
      () => "answered",
      () => "rejected",
    );
    await working(world, script);
    abort.abort("enough");
    expect(await rejected).toBe("rejected");
    await until(() => ofRun(world).length === 0);
    expect(await onlyOutcome(world)).toMatchObject({
      status: "cancelled",
      fault: { fault: { code: "cancelled" } },
    });
    // The host hears of the outcome a moment after it is in the spool.
    let health = "";
    await until(async () => {
      const { content } = z
        .looseObject({ content: z.array(z.looseObject({ text: z.string() })) })
        .parse(await session.client.callTool({ name: "health_snapshot" }));
      health = content[0]?.text ?? "";
      return !health.includes("running=");
    });
    expect(health).toMatch(/^ready gen=1 .*worker=alive/);
  },
);

test.each(moments)(
  "Ctrl-C %s: exit code 130, nothing is left",
  async (_moment, script) => {
    await using world = await startWorld(script);
    const child = world.start(["consult", "How long?"]);
    await working(world, script);
    child.kill("SIGINT");
    expect(await child.stderr.text()).toContain(
      "phone-opus: Interrupted by SIGINT; Claude Code was stopped.",
    );
    expect(await child.stdout.text()).toBe("");
    expect(await child.exited).toBe(130);
    expect(await world.leftovers()).toEqual([]);
  },
);

test.each(moments)(
  "the time limit %s: exit code 3, nothing is left",
  async (_moment, script) => {
    await using world = await startWorld(script);
    const fault = await world.fault(["--timeout-s", "3", "How long?"]);
    expect(fault.record.fault).toMatchObject({
      class: "timeout",
      code: "timeout",
      detail:
        "Claude Code did not finish within 3 s and was stopped: raise timeout_s, ask a narrower question, or resume the session to go on.",
    });
    expect(fault.record.session_id?.replaceAll("-", "")).toBe(
      fault.record.consult_id?.slice("c_".length),
    );
    expect(fault.code).toBe(3);
    expect(world.api.requests.length).toBe(1);
    expect(await world.leftovers()).toEqual([]);
  },
);

test("over MCP a stall past timeout_s is a timeout fault, and nothing is left of the run", async () => {
  await using world = await startWorld(stall);
  await using session = await world.connect();
  const result = await session.consult({ prompt: "Why?", timeout_s: 2 });
  expect(ofRun(world)).toEqual([]);
  expect(result.isError).toBe(true);
  expect(result.structured).toMatchObject({ fault: { code: "timeout" } });
});

test("a stall past the idle limit ends the run long before the time limit", async () => {
  await using world = await startWorld(stall, {
    environment: { PHONE_OPUS_IDLE_TIMEOUT_S: "2" },
  });
  const { code, record } = await world.fault(["How long?"]);
  expect(record.fault.detail).toStartWith(
    "Claude Code gave no sign of life for 2 s and was stopped:",
  );
  expect(code).toBe(3);
  expect(await world.leftovers()).toEqual([]);
});

test.each(moments)(
  "the client goes away %s: host, worker and run are gone",
  async (_moment, script) => {
    await using world = await startWorld(script);
    const session = await world.connect();
    const call = session.consult({ prompt: "How long?" });
    const rejected = call.then(
      () => "answered",
      () => "rejected",
    );
    await working(world, script);
    await session.client.close();
    expect(await rejected).toBe("rejected");
    await until(() => world.processes().length === 0);
  },
);
