// Read-only holds with the real Claude Code behind the compiled binary: against a model that tries to write, and
// against a project whose own settings ask for everything.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Step, ToolCall } from "../../src/messages-api/script.ts";
import {
  filesBelow,
  scriptToCome,
  startWorld,
  type World,
} from "./claude-code.ts";

setDefaultTimeout(60_000);

const bash = (command: string): ToolCall => ({
  name: "Bash",
  input: { command, description: "Try it" },
});

/** Ways to write; `root` is the world's, above the project. */
const attempts = (root: string): ToolCall[] => {
  const file = (name: string): string => join(root, "project", name);
  const edit = { old_string: "B flat", new_string: "C" };
  return [
    bash("touch made.txt"),
    bash(`touch ${root}/made.txt`),
    bash("echo x > made.txt"),
    bash("cat notes.txt > made.txt"),
    bash("printf x | tee made.txt"),
    bash("rm notes.txt"),
    bash("sed -i s/flat/sharp/ notes.txt"),
    bash("git init . && git config core.editor x"),
    bash("find . -name notes.txt -delete"),
    bash("ls $(touch made.txt)"),
    bash("pwd; touch made.txt"),
    bash("node -e \"require('fs').writeFileSync('made.txt','x')\""),
    {
      name: "Write",
      input: { file_path: file("made.txt"), content: "x" },
    },
    { name: "Edit", input: { file_path: file("notes.txt"), ...edit } },
    {
      name: "Write",
      input: { file_path: join(root, "made.txt"), content: "" },
    },
  ];
};

/** Runs `calls` in one turn each and returns what the API was told of them. */
async function tryAll(
  world: World,
  steps: Step[],
  calls: readonly ToolCall[],
): Promise<string> {
  steps.push(...calls.map((call): Step => ({ kind: "tool", calls: [call] })), {
    kind: "text",
    text: "I tried.",
  });
  const answer = await world.answer(["Please change everything."]);
  expect(answer.response).toBe("I tried.");
  expect(answer.num_turns).toBe(calls.length + 1);
  const inBash = calls.filter(({ name }) => name === "Bash").length;
  expect(answer.permission_denials.length).toBe(inBash);
  return JSON.stringify(world.api.requests.at(-1)?.body.messages);
}

async function startTryingWorld(): Promise<[World, Step[]]> {
  const { script, steps } = scriptToCome();
  const world = await startWorld(script);
  await world.write("notes.txt", "The trumpet is in B flat.\n");
  return [world, steps];
}

test("a model that tries to write changes nothing, and each try is counted", async () => {
  const [world, steps] = await startTryingWorld();
  await using _ = world;
  const before = await filesBelow(world.project);
  await tryAll(world, steps, attempts(world.root));
  expect(await filesBelow(world.project)).toEqual(before);
  expect(
    (await readdir(world.root)).toSorted((a, b) => a.localeCompare(b)),
  ).toEqual(["home", "project", "state"]);
});

test("denials show in the porcelain", async () => {
  const [world, steps] = await startTryingWorld();
  await using _ = world;
  steps.push(
    {
      kind: "tool",
      calls: [bash("touch made.txt"), bash("echo x > made.txt")],
    },
    { kind: "text", text: "I tried." },
  );
  await using session = await world.connect();
  const { text } = await session.consult({ prompt: "Please change it." });
  expect(text).toContain("\npermission_denials: 2\nresponse:\nI tried.");
});

test("reading works on: files, git and the shell's reading commands", async () => {
  const [world, steps] = await startTryingWorld();
  await using _ = world;
  steps.push(
    { kind: "tool", calls: [bash("cat notes.txt"), bash("ls")] },
    {
      kind: "tool",
      calls: [
        { name: "Grep", input: { pattern: "trumpet", output_mode: "content" } },
      ],
    },
    { kind: "tool", calls: [{ name: "Glob", input: { pattern: "*.txt" } }] },
    { kind: "text", text: "I read." },
  );
  const answer = await world.answer(["What is there?"]);
  expect(answer.permission_denials).toEqual([]);
  const told = JSON.stringify(world.api.requests.at(-1)?.body.messages);
  expect(told.split("The trumpet is in B flat.").length - 1).toBe(2);
  expect(told).toContain("notes.txt");
});

test("files outside the directory are refused, by every tool", async () => {
  const [world, steps] = await startTryingWorld();
  await using _ = world;
  await world.write("../outside.txt", "the secret of the horn\n");
  const outside = join(world.root, "outside.txt");
  steps.push(
    { kind: "tool", calls: [{ name: "Read", input: { file_path: outside } }] },
    { kind: "tool", calls: [bash(`cat < ${outside}`)] },
    { kind: "tool", calls: [bash(`cat ${outside}`)] },
    {
      kind: "tool",
      calls: [
        {
          name: "Grep",
          input: {
            pattern: "secret",
            path: world.root,
            output_mode: "content",
          },
        },
      ],
    },
    { kind: "text", text: "I tried." },
  );
  await world.answer(["What is outside?"]);
  const told = JSON.stringify(world.api.requests.at(-1)?.body.messages);
  expect(told).not.toContain("the secret of the horn");
});

test("a file outside is not told by an option that is cut short", async () => {
  const [world, steps] = await startTryingWorld();
  await using _ = world;
  await world.write("../outside.txt", "the secret of the horn\n");
  const commands = [
    "wc --files0=../outside.txt",
    "wc --f=../outside.txt",
    "du --files=../outside.txt",
    "sort --fil=../outside.txt",
    "diff --from=../outside.txt notes.txt",
    "diff --fr=../outside.txt notes.txt",
    "diff notes.txt --to=../outside.txt",
    "git blame --ignore-revs-file=../outside.txt notes.txt",
    "git blame --ignore-revs-file ../outside.txt notes.txt",
  ];
  await tryAll(world, steps, commands.map(bash));
  const told = JSON.stringify(world.api.requests.at(-1)?.body.messages);
  expect(told).not.toContain("secret of the horn");
});

test("a denied file is not told though its path looks like a pattern", async () => {
  const { script, steps } = scriptToCome();
  const environment = { PHONE_OPUS_SANDBOX: "off" };
  await using world = await startWorld(script, { environment });
  await world.write("app/[id]/.env.production", "the secret of the horn\n");
  const file_path = join(world.project, "app/[id]/.env.production");
  steps.push(
    { kind: "tool", calls: [{ name: "Read", input: { file_path } }] },
    { kind: "text", text: "I tried." },
  );
  await world.answer(["What is in it?"]);
  const told = JSON.stringify(world.api.requests.at(-1)?.body.messages);
  expect(told).toContain("denied by your permission");
  expect(told).not.toContain("the secret of the horn");
});
