// What a user reads whose environment is wrong: the consult says it, nothing else fails.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createSandbox } from "../process/sandbox.ts";
import { startHost, textOf } from "./host.ts";

describe("a bad environment", () => {
  test("names the variable at the consult, and health still answers", async () => {
    await using sandbox = await createSandbox();
    await using host = startHost(
      sandbox,
      sandbox.environment("answers", { PHONE_OPUS_TIMEOUT_S: "soon" }),
    );
    await host.initialize();
    await host.call(1, "consult", { prompt: "Why?" });
    const { result } = await host.answer(1);
    expect(result).toMatchObject({ isError: true });
    expect(textOf(result)).toContain('PHONE_OPUS_TIMEOUT_S is "soon"');
    expect(textOf(result)).toContain("correct or remove");
    await host.call(2, "health_snapshot", {});
    expect(textOf((await host.answer(2)).result)).toContain("gen=1");
    expect(await sandbox.starts()).toEqual([]);
  });

  test.each(["claude", "no/such/claude"])(
    "without the Claude Code that %s should be says what to do",
    async (claude) => {
      await using sandbox = await createSandbox();
      await using host = startHost(
        sandbox,
        sandbox.environment(undefined, {
          PATH: join(sandbox.directory, "empty"),
          PHONE_OPUS_CLAUDE_BIN: claude,
        }),
      );
      await host.initialize();
      await host.call(1, "consult", { prompt: "Why?" });
      const { result } = await host.answer(1);
      expect(result).toMatchObject({
        isError: true,
        structuredContent: {
          fault: { code: "downstream_failure", reason: "not_installed" },
        },
      });
      expect(textOf(result)).toBe(
        `PHONE_OPUS_CLAUDE_BIN is "${claude}", which is no executable file: correct it or remove it.`,
      );
    },
  );
});
