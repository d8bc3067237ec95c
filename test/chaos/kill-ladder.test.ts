// How each client ends its servers, and what is left three seconds later: nothing, but
// for runs whose caller holds a ticket.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fakeClaude, type FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { makeScene } from "./scene.ts";
import {
  type ChaosSession,
  startSession,
  survivors,
  until,
} from "./session.ts";

/** The promise: within this after a polite end. */
const goneMs = 3000;

type Ladder = (session: ChaosSession) => Promise<void>;

const ladders: Readonly<Record<string, Ladder>> = {
  "end of stdin": async (session) => session.endInput(),
  "SIGTERM and end of stdin, SIGKILL to the group 30 ms later (Codex)": async (
    session,
  ) => {
    process.kill(session.pid, "SIGTERM");
    session.endInput();
    await Bun.sleep(30);
    killIfThere(-session.pid, "SIGKILL");
  },
  "SIGINT, SIGTERM, SIGKILL to the server alone (Claude Code)": async (
    session,
  ) => {
    process.kill(session.pid, "SIGINT");
    await Bun.sleep(100);
    killIfThere(session.pid, "SIGTERM");
    await Bun.sleep(500);
    killIfThere(session.pid, "SIGKILL");
  },
  SIGHUP: async (session) => void process.kill(session.pid, "SIGHUP"),
};

/** The server is meant to be gone by then. */
function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    return;
  }
}

async function consultWith(
  fake: FakeClaudeName,
  use: (
    session: ChaosSession,
    scene: ReturnType<typeof makeScene>,
  ) => Promise<void>,
  extra: Record<string, string> = {},
): Promise<void> {
  using scene = makeScene({
    PHONE_OPUS_CLAUDE_BIN: fakeClaude(fake),
    ...extra,
  });
  const session = await startSession(scene.environment, scene.home);
  await use(session, scene);
}

describe.each(Object.entries(ladders))("%s", (_, ladder) => {
  test("leaves no process, grandchildren included", async () => {
    const pidFile = "grandchild.pid";
    await consultWith("hangs-with-a-grandchild", async (session, scene) => {
      const marker = join(scene.home, pidFile);
      scene.environment["FAKE_CLAUDE_GRANDCHILD"] = marker;
      await using other = await startSession(scene.environment, scene.home);
      other.ask("consult", { prompt: "hang" });
      await until("the grandchild is there", () => existsSync(marker), 10_000);
      await ladder(session);
      await ladder(other);
      await until(
        "all processes are gone",
        () => survivors(scene.stateHome).length === 0,
        goneMs,
      );
    });
  });

  test("leaves no Claude that ignores every polite signal", async () => {
    await consultWith("ignores-signals", async (session, scene) => {
      const spools = join(scene.stateHome, "phone_opus/consults");
      session.ask("consult", { prompt: "ignore" });
      await until("the run has begun", () => hasOutput(spools), 10_000);
      await ladder(session);
      await until(
        "all processes are gone",
        () => survivors(scene.stateHome).length === 0,
        goneMs,
      );
    });
  });

  test("lets a run with a ticket go on to its answer", async () => {
    await consultWith(
      "answers-slowly",
      async (session, scene) => {
        const ticket = await session.call("consult", {
          prompt: "slow",
          render: "json",
          wait_s: 0,
        });
        const consult_id = ticket.result?.structuredContent?.["consult_id"];
        await ladder(session);
        await session.exited;
        await using successor = await startSession(
          scene.environment,
          scene.home,
        );
        const answer = await successor.call("consult_wait", {
          consult_id,
          render: "json",
        });
        expect(answer.result?.structuredContent).toMatchObject({
          consult_id,
          response: "The answer is 42.",
        });
      },
      { FAKE_CLAUDE_MS: "1500" },
    );
  });
});

function hasOutput(spools: string): boolean {
  if (!existsSync(spools)) return false;
  return [...new Bun.Glob("*/stdout.jsonl").scanSync(spools)].some(
    (name) => Bun.file(join(spools, name)).size > 0,
  );
}
