// The real Claude Code in its own environment, served by the scripted Messages API alone.

import { expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { claudeEnvironment, realClaude } from "./claude-code.ts";
import { startMessagesApi } from "../../src/messages-api/messages-api.ts";

test("serves the real Claude Code, which needs nothing else", async () => {
  await using api = startMessagesApi([
    {
      kind: "tool",
      calls: [
        { name: "Bash", input: { command: "pwd", description: "Where" } },
      ],
    },
    { kind: "text", text: "Served" },
  ]);
  const home = await realpath(
    await mkdtemp(join(tmpdir(), "phone-opus-home-")),
  );
  try {
    const claude = Bun.spawn([realClaude(), "-p", "--output-format", "json"], {
      cwd: home,
      env: claudeEnvironment(api.url, home),
      stdin: new Blob(["Where are we?"]),
    });
    const result = z
      .looseObject({ result: z.string() })
      .parse(await claude.stdout.json());
    expect(result.result).toBe("Served");
    expect(await claude.exited).toBe(0);
    expect(JSON.stringify(api.requests[1]?.body.messages)).toContain(home);
    expect([
      api.sideRequests.length,
      api.requests.length,
      api.disconnects,
    ]).toEqual([0, 2, 0]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}, 30_000);
