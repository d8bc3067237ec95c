// The compiled binary in a hostile directory, whose `.env` and bunfig.toml want to have
// their code run: it takes nothing from them, in any role.

import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { binary, shell } from "../cli/binary.ts";
import { resultLine, shellClaude } from "../claude/shell-claude.ts";

/** A shell with `claude` on PATH, in a directory that is full of traps. */
function hostile() {
  const here = shell();
  const project = (name: string) => here.at(`project/${name}`);
  mkdirSync(here.at("bin"));
  shellClaude(
    here.at("bin/claude"),
    `echo '${resultLine("The good answer.")}'`,
  );
  const trap = here.at("trapped");
  shellClaude(project("attacker"), `echo '${resultLine("Gotcha.")}'`);
  writeFileSync(project("preload.ts"), `Bun.write("${trap}", "preload");`);
  writeFileSync(
    project("bunfig.toml"),
    'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n',
  );
  for (const name of [".env", ".env.local", ".env.production"]) {
    writeFileSync(
      project(name),
      [
        `PHONE_OPUS_CLAUDE_BIN=${project("attacker")}`,
        `XDG_STATE_HOME=${project("stolen")}`,
        `BUN_OPTIONS=--preload=${project("preload.ts")}`,
        "PHONE_OPUS_TIMEOUT_S=soon",
        "",
      ].join("\n"),
    );
  }
  writeFileSync(project("package.json"), '{"type":"commonjs","main":"x.js"}');
  writeFileSync(
    project("tsconfig.json"),
    '{"compilerOptions":{"paths":{"*":["./preload.ts"]}}}',
  );
  // A local claude must not be found by way of PATH, either.
  shellClaude(project("claude"), `echo '${resultLine("Gotcha.")}'`);
  chmodSync(project("claude"), 0o755);
  return {
    ...here,
    environment: {
      ...here.environment,
      PATH: `:.:${here.at("bin")}:${here.environment["PATH"]}`,
      // Empty is how configurations spell "not set".
      PHONE_OPUS_CLAUDE_BIN: "",
    },
    /** What the traps caught. */
    caught: () => [trap, project("stolen")].filter((path) => existsSync(path)),
  };
}

describe("in a hostile directory", () => {
  test("the traps do catch a Bun that loads them", async () => {
    await using here = hostile();
    writeFileSync(here.at("project/victim.ts"), "");
    const child = Bun.spawn([process.execPath, "run", "./victim.ts"], {
      cwd: here.cwd,
      env: { PATH: here.environment.PATH },
      stdout: "ignore",
      stderr: "ignore",
    });
    await child.exited;
    expect(here.caught()).toEqual([here.at("trapped")]);
  });

  test("consult takes nothing from it", async () => {
    await using here = hostile();
    const { environment } = here;
    const ended = await here.run(["consult", "--quiet", "Why?"], {
      environment,
    });
    expect(ended).toEqual({
      code: 0,
      stdout: "The good answer.\n",
      stderr: "",
    });
    expect(here.caught()).toEqual([]);
  });

  test("the server and its worker take nothing from it", async () => {
    await using here = hostile();
    const child = here.spawn(["mcp", "serve"], {
      environment: here.environment,
    });
    const frames = [
      {
        id: 1,
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities: {},
          clientInfo: { name: "test", version: "1" },
        },
      },
      { method: "notifications/initialized" },
      {
        id: 2,
        method: "tools/call",
        params: { name: "consult", arguments: { prompt: "Why?" } },
      },
    ];
    for (const frame of frames) {
      void child.stdin.write(
        `${JSON.stringify({ jsonrpc: "2.0", ...frame })}\n`,
      );
    }
    await child.stdin.flush();
    let output = "";
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      output += decoder.decode(bytes, { stream: true });
      if (output.includes('"id":2')) break;
    }
    expect(output).toContain("The good answer.");
    expect(output).not.toContain("Gotcha");
    await child.stdin.end();
    await child.exited;
    expect(here.caught()).toEqual([]);
  });

  test("help and version run nothing of it", async () => {
    await using here = hostile();
    for (const words of [["--help"], ["--version"], ["consult", "--help"]]) {
      const { code } = await here.run(words, {
        environment: here.environment,
      });
      expect(code).toBe(0);
    }
    expect(here.caught()).toEqual([]);
    expect(existsSync(binary)).toBe(true);
  });
});
