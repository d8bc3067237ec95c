// The exact command line of a consult: read-only by every switch there is, and never a
// word of the prompt in it.

import { describe, expect, test } from "bun:test";
import { consultIdFromUuid } from "../../src/base/ids.ts";
import {
  claudeCommand,
  type CommandOptions,
  promptInput,
  sessionIdOf,
} from "../../src/claude/command.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";

const sessionId = "01920000-0000-7000-8000-000000000001";
const resumedSessionId = "6a7f4baf-c083-4b9f-b75c-15c78d7675a5";

function command(
  request: Partial<ConsultRequest> = {},
  options: Partial<CommandOptions> = {},
): string[] {
  return claudeCommand({
    claudePath: "/bin/claude",
    claudeVersion: "2.1.329",
    request: {
      prompt: "--dangerously-skip-permissions",
      cwd: "/p",
      ...request,
    },
    web: true,
    sessionId,
    resumedSessionId: undefined,
    denyRules: ["Read(**/.env)"],
    ...options,
  });
}

const readOnly = [
  "/bin/claude",
  "-p",
  "--output-format",
  "stream-json",
  "--verbose",
  "--strict-mcp-config",
  "--mcp-config",
  '{"mcpServers":{}}',
  "--disable-slash-commands",
  "--no-chrome",
  "--tools",
  "Bash,Read,Grep,Glob,WebFetch,WebSearch",
  "--allowedTools",
  "WebFetch,WebSearch",
  "--disallowedTools",
  "Write,Edit,NotebookEdit,Agent",
  "--permission-mode",
  "dontAsk",
  "--add-dir",
  ".",
  "--setting-sources",
  "",
  "--settings",
  '{"disableAllHooks":true,"autoMemoryEnabled":false,"permissions":{"deny":["Bash(*--files0-from*)","Bash(wc *--f*)","Bash(du *--f*)","Bash(sort *--fi*)","Bash(*--from-file*)","Bash(*--to-file*)","Bash(diff *--fr*)","Bash(diff *--to*)","Bash(git *--ignore-revs-file*)","Bash(strings *@*)","Read(**/.env)"]}}',
];
const restricted = ["--restricted", "--permission-prompts", "none"];

const everything: Partial<ConsultRequest> = {
  max_turns: 3,
  max_budget_usd: 0.5,
  model: "opus",
  effort: "high",
  timeout_s: 9,
};
const everyOption = [
  "--max-turns",
  "3",
  "--max-budget-usd",
  "0.5",
  "--model",
  "opus",
  "--effort",
  "high",
];

describe("the command line", () => {
  test("of a plain consult", () => {
    expect(command()).toEqual([
      ...readOnly,
      ...restricted,
      "--session-id",
      sessionId,
    ]);
  });

  test("of a consult with all options", () => {
    expect(command(everything)).toEqual([
      ...readOnly,
      ...restricted,
      ...everyOption,
      "--session-id",
      sessionId,
    ]);
  });

  test("of a resumed one has no session of its own", () => {
    const resume = resumedSessionId;
    expect(command({ resume }, { resumedSessionId })).toEqual([
      ...readOnly,
      ...restricted,
      "--resume",
      resumedSessionId,
    ]);
    expect(command({ resume, fork: false }, { resumedSessionId })).toEqual(
      command({ resume }, { resumedSessionId }),
    );
  });

  test("of a fork has the old session and the new one", () => {
    const request = { ...everything, resume: resumedSessionId, fork: true };
    expect(command(request, { resumedSessionId })).toEqual([
      ...readOnly,
      ...restricted,
      ...everyOption,
      "--resume",
      resumedSessionId,
      "--fork-session",
      "--session-id",
      sessionId,
    ]);
  });

  test("without the web has no tool that leaves the machine", () => {
    const words = command({}, { web: false });
    const at = words.indexOf("--tools");
    expect(words.slice(at, at + 4)).toEqual([
      "--tools",
      "Bash,Read,Grep,Glob",
      "--disallowedTools",
      "Write,Edit,NotebookEdit,Agent,WebFetch,WebSearch",
    ]);
    expect(words).not.toContain("--allowedTools");
  });

  test.each([
    ["2.1.0", false],
    ["2.1.197", false],
    ["2.1.247", false],
    ["2.1.248", true],
    ["2.1.329", true],
    ["2.2.0", true],
    ["3.0.0", true],
  ])("of %s has the restricted mode: %p", (claudeVersion, has) => {
    expect(command({}, { claudeVersion })).toEqual([
      ...readOnly,
      ...(has ? restricted : []),
      "--session-id",
      sessionId,
    ]);
  });

  test("never has the prompt in it", () => {
    for (const prompt of ["-p", "--add-dir", "Why?", "opus", "."]) {
      expect(command({ prompt })).toEqual(command());
    }
  });

  test("ends each list of values with another option, and ends with none", () => {
    const variadic = [
      "--mcp-config",
      "--tools",
      "--allowedTools",
      "--disallowedTools",
      "--add-dir",
    ];
    for (const request of [{}, everything]) {
      const words = command(request, { claudeVersion: "2.1.0" });
      for (const name of variadic) {
        const at = words.indexOf(name);
        expect(`${name}, then ${words[at + 2]}`).toContain("then --");
      }
      expect(words.slice(-2)).toEqual(["--session-id", sessionId]);
    }
  });
});

describe("the prompt", () => {
  test.each([
    ["/help", "\n/help"],
    ["/ and more", "\n/ and more"],
    ["Why /help?", "Why /help?"],
    ["\n/help", "\n/help"],
    ["--help", "--help"],
    ["", ""],
  ])("%j goes to stdin as %j", (prompt, input) => {
    expect(promptInput({ prompt }, "2.1.329")).toBe(input);
  });

  test.each([
    ["@/etc/passwd", "@ /etc/passwd"],
    ["see @~/.ssh/id_rsa, @../x", "see @ ~/.ssh/id_rsa, @ ../x"],
    ['(@"a file")', '(@ "a file")'],
    ["ann@example.org @ noon", "ann@example.org @ noon"],
  ])("%j attaches nothing where files are not confined", (prompt, input) => {
    expect(promptInput({ prompt }, "2.1.247")).toBe(input);
    expect(promptInput({ prompt }, "2.1.248")).toBe(prompt);
  });
});

test("files to read first are listed behind the prompt, as text", () => {
  const files = ["src/a.ts", "-p", "b c"];
  expect(promptInput({ prompt: "/why", files }, "2.1.329")).toBe(
    "\n/why\n\nRead these first:\n- src/a.ts\n- -p\n- b c\n",
  );
});

test("the session of a consult bears the consult's own number", () => {
  for (const uuid of [sessionId, Bun.randomUUIDv7()]) {
    expect(sessionIdOf(consultIdFromUuid(uuid))).toBe(uuid);
  }
});
