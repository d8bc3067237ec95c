// The compiled binary on a pseudo-terminal, and the absence of control characters off
// one.

import { describe, expect, test } from "bun:test";
import { until } from "../claude/consulting.ts";
import { binary, shell } from "../cli/binary.ts";

type Here = ReturnType<typeof shell>;

/** Everything that the terminal got, with its own line ends made plain again. */
async function onTerminal(
  here: Here,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  let screen = "";
  await using terminal = new Bun.Terminal({
    cols: 100,
    rows: 30,
    data: (_, data) => {
      screen += Buffer.from(data).toString();
    },
  });
  const child = Bun.spawn([binary, ...words], {
    cwd: here.cwd,
    env: { ...here.environment, TERM: "xterm-256color", ...environment },
    terminal,
  });
  const code = await child.exited;
  let seen = -1;
  // The last bytes may come behind the exit: read until nothing more does.
  while (seen !== screen.length) {
    seen = screen.length;
    await Bun.sleep(50);
  }
  return { code, screen: screen.replaceAll("\r\n", "\n") };
}

describe("on a terminal", () => {
  test("progress is shown while Claude works, and cleared before the answer", async () => {
    await using here = shell({
      program: "answers-slowly",
      environment: { FAKE_CLAUDE_MS: "2000" },
    });
    const { code, screen } = await onTerminal(here, ["consult", "Why?"]);
    expect(code).toBe(0);
    expect(screen).toMatch(/^\r.\[K\d s, [^\r]*\r.*turn 1: Read part-\d\.ts/s);
    expect(screen).toMatch(
      /\r.\[KThe answer is 42\.\n5 turns, 2\.000s, [^\n]*\n$/,
    );
  });

  test("--quiet shows the answer alone", async () => {
    await using here = shell({ program: "answers-slowly" });
    const words = ["consult", "--quiet", "Why?"];
    expect(await onTerminal(here, words)).toEqual({
      code: 0,
      screen: "The answer is 42.\n",
    });
  });

  test("errors are marked red, and not with NO_COLOR", async () => {
    await using here = shell();
    const sentence =
      'there is no command "nope": use phone-opus consult "…" (see phone-opus --help)\n';
    expect(await onTerminal(here, ["nope"])).toEqual({
      code: 2,
      screen: `\u001B[31mphone-opus: \u001B[39m${sentence}`,
    });
    expect(await onTerminal(here, ["nope"], { NO_COLOR: "1" })).toEqual({
      code: 2,
      screen: `phone-opus: ${sentence}`,
    });
  });

  test("no words are a usage error, nothing waits for the keyboard", async () => {
    await using here = shell();
    const { code, screen } = await onTerminal(here, ["consult"]);
    expect([code, screen.includes("no prompt: write it")]).toEqual([2, true]);
  });

  test("Ctrl-C ends it all", async () => {
    await using here = shell({ program: "stops-on-sigint" });
    // Bun's terminals control no process: only `script` makes keys into signals.
    const command = `'${binary}' consult Why?`;
    const child = Bun.spawn(
      process.platform === "linux"
        ? ["script", "-qfec", command, "/dev/null"]
        : ["script", "-q", "/dev/null", "sh", "-c", command],
      { cwd: here.cwd, env: here.environment, stdin: "pipe" },
    );
    let screen = "";
    const shown = (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of child.stdout) {
        screen += decoder.decode(bytes, { stream: true });
      }
    })();
    await until("Claude runs", async () => (await here.starts()).length === 1);
    await until("it writes", () => screen.includes("turn 1"));
    void child.stdin.write("\u0003");
    await child.stdin.flush();
    await shown;
    expect(screen).toContain("Interrupted by SIGINT; Claude Code was stopped.");
    expect(await child.exited).toBe(130);
    expect(await here.survivors()).toEqual([]);
  });
});

test.each([{}, { FORCE_COLOR: "1" }, { TERM: "xterm-256color" }, { CI: "1" }])(
  "off a terminal there is no control character (%j)",
  async (environment) => {
    await using here = shell({ program: "answers-slowly", environment });
    for (const words of [
      ["consult", "Why?"],
      ["consult", "--nope"],
      ["--help"],
      ["consult", "--help"],
      ["mcp", "--help"],
    ]) {
      const { stdout, stderr } = await here.run(words);
      const text = stdout + stderr;
      expect([text.includes("\u001B"), text.includes("\r")]).toEqual([
        false,
        false,
      ]);
    }
  },
);
