import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { fakeClaudePath, fakeClaudeStarts } from "./fake-claude.ts";
import { events, start } from "./running.ts";
import type { FakeEvent } from "./running.ts";

const resultSchema = z.looseObject({
  type: z.literal("result"),
  subtype: z.string(),
  is_error: z.boolean(),
});
const contentSchema = z.object({
  message: z.object({
    content: z.array(z.looseObject({ text: z.string().optional() })),
  }),
});

describe("a run", () => {
  test("writes down its argv, its directory, the prompt's size and the wanted environment", async () => {
    await using run = start("answers", {
      argv: ["-p", "--model", "opus"],
      env: { FAKE_CLAUDE_RECORD_ENV: "PATH,ABSENT" },
    });
    await run.process.exited;
    expect(await fakeClaudeStarts(run.startsFile)).toEqual([
      {
        pid: run.process.pid,
        argv: ["-p", "--model", "opus"],
        cwd: run.directory,
        promptBytes: 19,
        envKeys: [
          "FAKE_CLAUDE_GRANDCHILD",
          "FAKE_CLAUDE_MS",
          "FAKE_CLAUDE_RECORD_ENV",
          "FAKE_CLAUDE_STARTS",
          "PATH",
        ],
        env: { PATH: fakeClaudePath(), ABSENT: null },
      },
    ]);
  });

  test.each([
    [["--session-id", "a"], "a"],
    [["--resume=b"], "b"],
    [
      ["--resume", "b", "--fork-session"],
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ],
    [[], expect.stringMatching(/^[0-9a-f-]{36}$/)],
  ])("with %p names one session in all its events", async (argv, session) => {
    await using run = start("uses-tools", { argv });
    const ids = new Set(
      (await run.events()).map((event) => event["session_id"]),
    );
    expect([...ids]).toEqual([session]);
  });

  test("echoes any prompt exactly", async () => {
    const prompt = "\uFEFF/help\r\n--flag \0 \u2028 🙂\n\n";
    await using run = start("echoes-prompt", { prompt });
    expect((await run.events()).at(-1)).toMatchObject({ result: prompt });
  });

  test("knows no field that the real one does not have", async () => {
    const recorded = await Bun.file(
      `${import.meta.dir}/recorded-2.1.329.jsonl`,
    ).text();
    const real = fieldsByKind(events(recorded));
    for (const name of [
      "uses-tools",
      "overloaded",
      "max-turns",
      "budget-exceeded",
      "session-not-found-with-result",
    ] as const) {
      await using run = start(name);
      const fake = fieldsByKind(await run.events());
      for (const [kind, fields] of fake)
        expect([
          name,
          kind,
          fields.difference(real.get(kind) ?? new Set()),
        ]).toEqual([name, kind, new Set()]);
    }
  });
});

describe("a detail", () => {
  test("continued-answer streams the part that its result lacks", async () => {
    await using run = start("continued-answer");
    const assistant = (await run.events()).filter(
      (event) => event.type === "assistant",
    );
    const texts = assistant.map(
      (event) => contentSchema.parse(event).message.content[0]?.text,
    );
    expect(texts).toEqual(["The answer has two halves: forty ", "and two."]);
  });

  test.each([
    ["rate-limited", 10],
    ["overloaded", 10],
    ["unauthorized-oauth", 1],
    ["subscription-limit", 0],
  ] as const)(
    "%s tries %d times again, fewer when told so",
    async (name, retries) => {
      await using plain = start(name);
      await using capped = start(name, {
        env: { CLAUDE_CODE_MAX_RETRIES: "2" },
      });
      const count = (all: FakeEvent[]) =>
        all.filter((event) => event.subtype === "api_retry").length;
      expect([
        count(await plain.events()),
        count(await capped.events()),
      ]).toEqual([retries, Math.min(retries, 2)]);
    },
  );

  test.each(["max-turns", "budget-exceeded"] as const)(
    "%s has no result text and no api_error_status",
    async (name) => {
      await using run = start(name);
      const last = resultSchema.parse((await run.events()).at(-1));
      expect(
        ["result", "api_error_status"].filter((key) => key in last),
      ).toEqual([]);
    },
  );

  test.each([
    [
      "session-not-found",
      ["--resume", "x"],
      "No conversation found with session ID: x\n",
    ],
    [
      "malformed-config",
      [],
      "Configuration error in ~/.claude.json: JSON Parse error: Expected '}'\n",
    ],
    ["exits-7", [], "boom\n"],
    ["old-version", [], "error: unknown option '--strict-mcp-config'\n"],
    [
      "restricted-missing",
      ["-p", "--restricted"],
      "error: unknown option '--restricted'\n",
    ],
  ] as const)("%s complains on stderr", async (name, argv, complaint) => {
    await using run = start(name, { argv });
    expect(await run.stderr()).toBe(complaint);
    expect(await run.stdout()).toBe("");
    expect(await run.process.exited).toBe(name === "exits-7" ? 7 : 1);
  });

  test("noisy-stderr writes 20 MiB there, floods-stdout 200,000 events", async () => {
    await using noisy = start("noisy-stderr");
    await using flood = start("floods-stdout");
    expect((await noisy.stderr()).length).toBe(20 * 1024 * 1024);
    expect((await flood.stdout()).split("\n").length).toBe(200_000 + 4);
  });
});

function fieldsByKind(all: readonly FakeEvent[]): Map<string, Set<string>> {
  const kinds = new Map<string, Set<string>>();
  for (const event of all) {
    const kind =
      event.type === "result"
        ? "result"
        : `${event.type}/${event.subtype ?? ""}`;
    kinds.set(
      kind,
      new Set(Object.keys(event)).union(kinds.get(kind) ?? new Set()),
    );
  }
  return kinds;
}
