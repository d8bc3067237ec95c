// What the environment, a repository's configuration and old versions could make of a
// consult with the real Claude Code: seen on disk, or in what reaches the API.

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { realClaude } from "../messages-api/claude-code.ts";
import type { Step } from "../../src/messages-api/script.ts";
import { scriptToCome, startWorld, type World } from "./claude-code.ts";

setDefaultTimeout(60_000);

const bash = (command: string): Step => ({
  kind: "tool",
  calls: [{ name: "Bash", input: { command, description: "Try" } }],
});
const done: Step = { kind: "text", text: "I looked." };

function git(world: World, words: readonly string[]): void {
  const ran = Bun.spawnSync(["git", ...words], {
    cwd: world.project,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: world.home,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "Ann",
      GIT_AUTHOR_EMAIL: "ann@example.org",
      GIT_COMMITTER_NAME: "Ann",
      GIT_COMMITTER_EMAIL: "ann@example.org",
    },
  });
  if (!ran.success) throw new Error(ran.stderr.toString());
}

/** What the tools of this consult answered the model. */
function toolResults(world: World): string {
  return JSON.stringify(world.api.requests.at(-1)?.body.messages.slice(1));
}

/** Everything by which a variable makes other programs of `git`, `ls` and `rg`. */
async function steer(root: string, acts: string) {
  const act = (name: string) => `touch ${join(acts, name)}`;
  const program = async (name: string, text: string) => {
    const path = join(root, name);
    await Bun.write(path, text);
    await chmod(path, 0o755);
    return path;
  };
  const shell = (name: string) =>
    program(name, `#!/bin/sh\n${act(name)}\nexec /bin/bash "$@"\n`);
  return {
    BASH_ENV: await program("bash-env", act("bash-env")),
    CLAUDE_ENV_FILE: await program("env-file", `${act("env-file")}\n`),
    CLAUDE_CODE_SHELL_PREFIX: await shell("prefix"),
    "BASH_FUNC_ls%%": `() { ${act("function")}; }`,
    RIPGREP_CONFIG_PATH: await program(
      "ripgreprc",
      `--pre=${await program("pre", `#!/bin/sh\n${act("pre")}\ncat "$1"\n`)}\n`,
    ),
    GIT_TRACE: join(acts, "trace"),
    GIT_DIR: join(root, "elsewhere"),
    GIT_EXTERNAL_DIFF: act("external"),
    CLAUDECODE: "1",
    CLAUDE_CODE_CHILD_SESSION: "1",
  };
}

test("neither variables nor a repository's programs act when Claude only reads", async () => {
  const { script, steps } = scriptToCome();
  await using world = await startWorld(script);
  const acts = join(world.root, "acts");
  await mkdir(acts);
  await world.write(".gitattributes", "*.txt diff=evil filter=evil\n");
  await world.write("notes.txt", "B flat\n");
  git(world, ["init", "--quiet"]);
  git(world, ["add", "."]);
  git(world, ["commit", "--quiet", "-m", "First words"]);
  await world.write("notes.txt", "B sharp\n");
  const touch = (name: string) => `touch ${join(acts, name)}`;
  for (const [name, value] of [
    ["diff.evil.textconv", `${touch("textconv")}; cat`],
    ["filter.evil.clean", `${touch("clean")}; cat`],
    ["diff.external", touch("diff-external")],
    ["core.fsmonitor", `${touch("fsmonitor")}; false`],
    ["remote.origin.url", `ext::touch ${join(acts, "transport")}`],
    ["protocol.ext.allow", "always"],
  ] as const) {
    git(world, ["config", name, value]);
  }
  // The project's own git, as `npm run` would put it first.
  const own = join(world.project, "node_modules/.bin/git");
  await world.write(
    "node_modules/.bin/git",
    `#!/bin/sh\n${touch("own-git")}\n`,
  );
  await chmod(own, 0o755);
  const commands = [
    "git status",
    "git diff",
    "git log -p",
    "git ls-remote",
    "rg sharp .",
    "ls",
  ];
  steps.push(...commands.map(bash), done);

  Object.assign(world.environment, await steer(world.root, acts), {
    PATH: `${join(world.project, "node_modules/.bin")}:${world.environment["PATH"]}`,
  });
  const answer = await world.answer(["--no-web", "Look around."]);

  expect(await readdir(acts)).toEqual([]);
  expect(answer.response).toBe("I looked.");
  const results = toolResults(world);
  expect(results).toContain(String.raw`-B flat\n+B sharp`);
  expect(results).toContain("First words");
  expect(results).toContain("transport 'ext' not allowed");
  expect(answer.receipt).toMatchObject({
    claude_version: "2.1.329",
    tools: ["Bash", "Glob", "Grep", "Read"],
    layers: { switches: "restricted", git: "guarded", tree: "unchanged" },
    tree: { change_count: 0 },
    billing: { source: "ANTHROPIC_API_KEY", is_conflict: false },
  });
});

test("a prompt attaches no file where Claude Code would take any", async () => {
  const { script, steps } = scriptToCome();
  steps.push(done);
  await using world = await startWorld(script);
  // The same program, taken for one that lacks the two switches.
  const older = join(world.root, "claude");
  await Bun.write(
    older,
    `#!/bin/sh\n[ "$1" = --version ] && echo "2.1.200 (Claude Code)" && exit 0\nexec ${realClaude()} "$@"\n`,
  );
  await chmod(older, 0o755);
  world.environment["PHONE_OPUS_CLAUDE_BIN"] = older;
  const secret = join(world.root, "secret.txt");
  await Bun.write(secret, "The word is xylophone.\n");
  await Bun.write(join(world.home, "key"), "The word is xylophone.\n");
  const answer = await world.answer([
    `Compare @${secret} with @../secret.txt and @"${secret}" and @~/key.`,
  ]);
  expect(answer.receipt?.layers.switches).toBe("plain");
  const sent = JSON.stringify(world.api.requests.map(({ body }) => body));
  expect(sent).toContain("Compare @ ");
  expect(sent).not.toContain("xylophone");
});

test("a key that moves the bill is told once, and can be shut out", async () => {
  const { script, steps } = scriptToCome();
  steps.push(done);
  await using world = await startWorld(script, {
    environment: { CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-scripted" },
  });
  const warned = await world.run(["consult", "Who pays?"]);
  expect(warned.stdout).toBe("I looked.\n");
  expect(warned.stderr.match(/billing: .*ANTHROPIC_API_KEY/g)?.length).toBe(1);

  world.environment["PHONE_OPUS_BILLING"] = "subscription";
  const answer = await world.answer(["And now?"]);
  expect(answer.receipt?.billing).toMatchObject({
    source: "login",
    is_conflict: false,
  });
  const headers = world.api.requests.at(-1)?.headers ?? {};
  expect(headers["x-api-key"]).toBeUndefined();
  expect(headers["authorization"]).toBe("Bearer sk-ant-oat01-scripted");
});
