// The demo without an account: a real client, the compiled binary and the real Claude Code, whose model is a script.
// Everything is checked on the way; the first thing that is off ends the demo with a sentence.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  filesBelow,
  scriptToCome,
  startWorld,
  until,
  type World,
} from "../e2e/claude-code.ts";
import type { Step } from "../../src/messages-api/script.ts";
import { builtBinary } from "./built-binary.ts";
import { row, section } from "./hops.ts";
import { connectRecorded } from "./recorded-client.ts";
import { showSession, type SpooledRun } from "./show-session.ts";

const prompt = "Why does the retry test hang? Look into retry.ts.";
const source = `export async function retry(work: () => Promise<void>) {
  while (true) {
    try { return await work(); } catch { continue; }
  }
}
`;
const finding = "retry() never gives up: it has no limit and no pause.";

const answers = (project: string): Step[] => [
  {
    kind: "tool",
    text: "I will read it.",
    calls: [
      { name: "Read", input: { file_path: join(project, "retry.ts") } },
      { name: "Bash", input: { command: "touch fixed", description: "Try" } },
    ],
    // Long enough for the look at the health while the consult runs.
    delayMs: 300,
  },
  { kind: "text", text: finding, chunkDelayMs: 100 },
];

export async function showScriptedConsult(): Promise<number> {
  const binary = await builtBinary();
  const startedMs = performance.now();
  const { script, steps } = scriptToCome();
  await using world = await startWorld(script);
  steps.push(...answers(world.project));
  await world.write("retry.ts", source);
  const before = await filesBelow(world.project);

  await using session = await connectRecorded({
    command: binary,
    cwd: world.project,
    environment: world.environment,
  });
  const tools = await session.client.listTools();
  check(
    tools.tools.some(({ name }) => name === "consult"),
    "tools/list does not offer consult.",
  );
  const progress: string[] = [];
  const consult = session.client.callTool(
    { name: "consult", arguments: { prompt } },
    undefined,
    { onprogress: ({ message }) => progress.push(message ?? "") },
  );
  const consultOrApi = await Promise.race([
    world.api.received(1).then(() => undefined),
    consult,
  ]);
  check(
    consultOrApi === undefined,
    `the consult was over before it asked the API: ${JSON.stringify(consultOrApi)}`,
  );
  const health = healthSchema.parse(
    await session.client.callTool({
      name: "health_snapshot",
      arguments: { render: "json", detail: "full" },
    }),
  ).structuredContent;
  const result = resultSchema.parse(await consult);
  const answer = result.content.map(({ text }) => text).join("\n");
  const run = await readRun(world);

  showSession({ session, world, health, run, progress, answer });

  section("Afterwards");
  check(result.isError !== true, `the consult failed: ${answer}`);
  check(
    answer.endsWith(`response:\n${finding}`),
    "the answer that came back is not the one that the model gave.",
  );
  const told = JSON.stringify(world.api.requests.at(-1)?.body.messages);
  check(
    told.includes("while (true)"),
    "the model never got to see the file that it read.",
  );
  check(
    Bun.deepEquals(await filesBelow(world.project), before) &&
      answer.includes("permission_denials: 1"),
    "the model's attempt to write was not refused.",
  );
  row("", "project", "unchanged; the model's `touch fixed` was refused");
  await session.client.close();
  await until(() => world.processes().length === 0).catch(() => {
    throw new Error(`still alive: ${world.processes().join("; ")}`);
  });
  row(
    "",
    "processes",
    "none left: host, worker, runner and Claude Code have ended",
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(
    `\nIt worked: one consult, client → host → worker → runner → Claude Code → API and back, in ${seconds} s.`,
  );
  return 0;
}

const resultSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string() })),
});

const healthSchema = z.looseObject({
  structuredContent: z.object({
    generation: z.int(),
    running: z.array(z.object({ consult_id: z.string() })).min(1),
  }),
});

const runSchema = z.object({
  process: z.object({ pid: z.int() }),
  claude_version: z.string(),
  arguments: z.array(z.string()),
});

const runnerSchema = z.object({ pid: z.int() });

/** What the run itself left in its spool. */
async function readRun(world: World): Promise<SpooledRun> {
  const consults = join(world.state, "phone_opus/consults");
  const ids = await readdir(consults);
  const [id] = ids;
  if (id === undefined || ids.length !== 1) {
    throw new Error(`there are ${ids.length} spools instead of one.`);
  }
  const text = (name: string): Promise<string> =>
    Bun.file(join(consults, id, name)).text();
  const record = runSchema.parse(JSON.parse(await text("run.json")));
  const runner = runnerSchema.parse(JSON.parse(await text("runner.1.json")));
  const input = await text("prompt");
  check(
    input === prompt && !record.arguments.join(" ").includes("retry"),
    "the prompt did not go by standard input alone.",
  );
  return {
    id,
    pid: record.process.pid,
    runnerPid: runner.pid,
    version: record.claude_version,
    words: record.arguments,
    promptBytes: Buffer.byteLength(input),
    stdout: await text("stdout.jsonl"),
  };
}

function check(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence);
}
