// The real Claude Code behind the compiled binary, answering: from the shell and through an MCP client, fresh,
// resumed and forked.

import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import type { Step } from "../../src/messages-api/script.ts";
import {
  scriptToCome,
  startWorld,
  userTexts,
  type World,
} from "./claude-code.ts";

setDefaultTimeout(60_000);

const readTools = new Set([
  "Bash",
  "Glob",
  "Grep",
  "Read",
  "WebFetch",
  "WebSearch",
]);

const reads = (path: string): Step[] => [
  {
    kind: "tool",
    text: "Let me look.",
    calls: [{ name: "Read", input: { file_path: path } }],
  },
  { kind: "text", text: "It is in B flat." },
];

/** A world whose model reads notes.txt before it answers. */
async function startReadingWorld(): Promise<World> {
  const { script, steps } = scriptToCome();
  const world = await startWorld(script);
  steps.push(...reads(join(world.project, "notes.txt")));
  await world.write("notes.txt", "The trumpet is in B flat.\n");
  await world.write("CLAUDE.md", "Rule 77 of this project: be brief.\n");
  return world;
}

const toolNames = (world: World, index: number): (string | undefined)[] =>
  (world.api.requests[index]?.body.tools ?? []).map(({ name }) => name);

test("a consult from the shell reads a file and tells turns, cost and session", async () => {
  await using world = await startReadingWorld();
  const answer = await world.answer(["In which key is the trumpet?"]);
  expect(answer).toMatchObject({
    response: "It is in B flat.",
    cwd: world.project,
    prompt: "In which key is the trumpet?",
    num_turns: 2,
    stop_reason: "end_turn",
    permission_denials: [],
    usage: { input_tokens: 200, output_tokens: 40 },
  });
  expect(answer.total_cost_usd).toBeGreaterThan(0);
  expect(answer.session_id?.replaceAll("-", "")).toBe(
    answer.consult_id.slice("c_".length),
  );
  expect(JSON.stringify(world.api.requests[1]?.body.messages)).toContain(
    "The trumpet is in B flat.",
  );
  expect(await world.leftovers()).toEqual([]);
});

test("the model is offered the reading tools alone, and the project's CLAUDE.md", async () => {
  await using world = await startReadingWorld();
  await world.answer(["In which key?"]);
  expect(world.api.requests.length).toBe(2);
  for (const index of [0, 1]) {
    // Claude Code's own stand-in for tools it would load later; it does nothing.
    const names = toolNames(world, index).filter(
      (name) => name !== "DeferredToolPlaceholder",
    );
    expect(new Set(names)).toEqual(readTools);
  }
  expect(userTexts(world.api.requests[0]).join("\n")).toContain(
    "Rule 77 of this project",
  );
  expect(userTexts(world.api.requests[0]).at(-1)).toBe("In which key?");
});

test("the answer alone goes to stdout, the summary to stderr", async () => {
  await using world = await startReadingWorld();
  const { code, stdout, stderr } = await world.run(["consult", "Which key?"]);
  expect(stdout).toBe("It is in B flat.\n");
  expect(stderr).toMatch(
    /^2 turns, \d+(\.\d{3}s|ms), \$\d+\.\d{6}, claude-\S+, resume with --resume c_[0-9a-f]{32}\n$/,
  );
  expect(code).toBe(0);
});

test("a consult over MCP answers in porcelain with progress on the way", async () => {
  await using world = await startReadingWorld();
  await using session = await world.connect();
  const progress: string[] = [];
  const result = z
    .looseObject({ content: z.array(z.looseObject({ text: z.string() })) })
    .parse(
      await session.client.callTool(
        { name: "consult", arguments: { prompt: "In which key?" } },
        undefined,
        { onprogress: ({ message }) => progress.push(message ?? "") },
      ),
    );
  expect(result.content.map(({ text }) => text).join("\n")).toMatch(
    new RegExp(
      `^consult ok turns=2 duration=\\S+ model=claude-\\S+ stop=end_turn cost=\\$\\d+\\.\\d{6}
cwd: ${world.project}
session: [0-9a-f-]{36}
response:
It is in B flat\\.$`,
    ),
  );
  expect(progress.length).toBeGreaterThan(0);
  expect(progress[0]).toMatch(/^(waiting for the model|turn 1: )/);
});

test("a second consult resumes the first one's session, by its consult id", async () => {
  await using world = await startReadingWorld();
  const first = await world.answer(["In which key is the trumpet?"]);
  const second = await world.answer([
    "--resume",
    first.consult_id,
    "And the horn?",
  ]);
  expect(second.session_id).toBe(first.session_id);
  expect(second.consult_id).not.toBe(first.consult_id);
  const texts = userTexts(world.api.requests[2]);
  expect(texts).toContain("In which key is the trumpet?");
  expect(texts.at(-1)).toBe("And the horn?");
  expect(JSON.stringify(world.api.requests[2]?.body.messages)).toContain(
    "It is in B flat.",
  );
});

test("a resumed consult tells its own cost, not that of the whole session", async () => {
  await using world = await startReadingWorld();
  const first = await world.answer(["In which key is the trumpet?"]);
  const second = await world.answer(["--resume", first.consult_id, "Why?"]);
  // One request instead of two, all of the same size.
  expect(second.num_turns).toBe(1);
  expect(second.total_cost_usd).toBeCloseTo((first.total_cost_usd ?? 0) / 2, 6);
});

test("a fork knows the first consult and gets the session of its own id", async () => {
  await using world = await startReadingWorld();
  const first = await world.answer(["In which key is the trumpet?"]);
  const fork = await world.answer([
    "--resume",
    first.consult_id,
    "--fork",
    "And the horn?",
  ]);
  expect(fork.session_id?.replaceAll("-", "")).toBe(
    fork.consult_id.slice("c_".length),
  );
  expect(userTexts(world.api.requests[2])).toContain(
    "In which key is the trumpet?",
  );
  // The branch left the trunk as it was.
  await world.answer(["--resume", first.consult_id, "And the flute?"]);
  expect(userTexts(world.api.requests[3])).not.toContain("And the horn?");
});

test("over MCP a Claude session id resumes as well as a consult id", async () => {
  await using world = await startReadingWorld();
  await using session = await world.connect();
  const first = await session.consult({
    prompt: "In which key is the trumpet?",
    render: "json",
  });
  const resumed = await session.consult({
    prompt: "Why?",
    resume: first.structured?.["session_id"],
    render: "json",
  });
  expect(resumed.structured).toMatchObject({
    session_id: first.structured?.["session_id"],
    response: "It is in B flat.",
  });
  expect(userTexts(world.api.requests[2])).toContain(
    "In which key is the trumpet?",
  );
});

test("the model and the effort that were asked for reach the API", async () => {
  await using world = await startReadingWorld();
  const model = "claude-sonnet-4-5";
  const answer = await world.answer(["--model", model, "Which key?"]);
  expect(answer.model).toBe(model);
  expect(world.api.requests[0]?.body.model).toBe(model);
  for (const effort of ["low", "max"]) {
    await world.answer(["--effort", effort, "Which key?"]);
    const body = world.api.requests.at(-1)?.body;
    expect(body?.["output_config"]).toMatchObject({ effort });
  }
});
