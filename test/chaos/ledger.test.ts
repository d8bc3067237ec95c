// The ledger among many processes, and after damage: no caller sees a lock, and no
// stored answer is lost.

import { expect, test } from "bun:test";
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { z } from "zod";
import { fakeClaude } from "../fake-claude/fake-claude.ts";
import { isLong, seed } from "./form.ts";
import { makeScene } from "./scene.ts";
import {
  binary,
  seededRandom,
  startSession,
  survivors,
  until,
} from "./session.ts";

const random = seededRandom(seed);

async function cli(environment: Record<string, string>, ...words: string[]) {
  const child = Bun.spawn([binary, ...words], {
    env: environment,
    cwd: environment["HOME"] ?? "/",
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, stdout, stderr };
}

const historySchema = z.object({
  consults: z.array(z.object({ consult_id: z.string(), status: z.string() })),
});

async function history(environment: Record<string, string>) {
  const { stdout } = await cli(
    environment,
    "history",
    "--json",
    "--limit",
    "1000",
  );
  return historySchema.parse(JSON.parse(stdout)).consults;
}

test("8 hosts and 4 commands on one ledger never see a lock", async () => {
  using scene = makeScene({ PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers") });
  const end = performance.now() + (isLong ? 30_000 : 3000);
  let asked = 0;
  const texts: string[] = [];
  const hosts = Array.from({ length: 8 }, async (_, host) => {
    await using session = await startSession(scene.environment, scene.home);
    for (let number = 0; performance.now() < end; number += 1) {
      asked += 1;
      const [answer, list] = await Promise.all([
        session.call("consult", { prompt: `host ${host} question ${number}` }),
        session.call("consult_list", {}),
      ]);
      texts.push(JSON.stringify(answer.result), JSON.stringify(list.result));
    }
  });
  const commands = Array.from({ length: 4 }, async (_, command) => {
    for (let number = 0; performance.now() < end; number += 1) {
      asked += 1;
      const words = ["consult", `command ${command} question ${number}`];
      const { code, stdout, stderr } = await cli(scene.environment, ...words);
      texts.push(stdout + stderr);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: "The answer is 42.\n",
      });
    }
  });
  await Promise.all([...hosts, ...commands]);
  expect(
    texts.filter((text) => /locked|busy|was not used/i.test(text)),
  ).toEqual([]);
  expect(texts.filter((text) => text.includes('"isError":true'))).toEqual([]);
  await until("all over", () => survivors(scene.stateHome).length === 0, 5000);
  const kept = await history(scene.environment);
  expect(kept).toHaveLength(Math.min(asked, 1000));
  expect(kept.filter(({ status }) => status !== "done")).toEqual([]);
});

test(`a ledger cut at any byte is set aside and refilled (seed ${seed})`, async () => {
  using scene = makeScene({ PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers") });
  for (let number = 0; number < 8; number += 1) {
    await cli(scene.environment, "consult", `question ${number}`);
  }
  await until("all over", () => survivors(scene.stateHome).length === 0, 5000);
  const state = join(scene.stateHome, "phone_opus");
  const ledger = join(state, "ledger.sqlite");
  const before = (await history(scene.environment)).map(
    (row) => row.consult_id,
  );
  expect(before).toHaveLength(8);
  for (let round = 0; round < (isLong ? 40 : 8); round += 1) {
    // Everything into the one file first, so that the cut is in what counts.
    const database = new Database(ledger);
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    const size = statSync(ledger).size;
    truncateSync(ledger, Math.floor(random() * size));
    const after = (await history(scene.environment)).map(
      (row) => row.consult_id,
    );
    expect(after.toSorted()).toEqual(before.toSorted());
    const { stdout } = await cli(
      scene.environment,
      "history",
      "show",
      before[round % 8] ?? "",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({ response: "The answer is 42." });
  }
  expect(
    readdirSync(state).filter((name) => name.includes(".damaged-")).length,
  ).toBeGreaterThan(0);
});

test("a ledger of a later form is refused by name and left alone", async () => {
  using scene = makeScene({ PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers") });
  await cli(scene.environment, "consult", "question");
  await until("all over", () => survivors(scene.stateHome).length === 0, 5000);
  const path = join(scene.stateHome, "phone_opus/ledger.sqlite");
  const database = new Database(path);
  database.run("PRAGMA user_version = 99");
  database.close();
  const list = await cli(scene.environment, "history");
  expect(list.code).toBe(1);
  expect(list.stderr).toContain("the ledger has form 99");
  // The index is closed; the consult itself is not refused for that.
  const answer = await cli(scene.environment, "consult", "another question");
  expect(answer.stdout).toBe("The answer is 42.\n");
});

test("a state directory that cannot be written is a fault before anything is paid", async () => {
  using scene = makeScene({ PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers") });
  // Root ignores modes, so a file stands where the directory should be.
  await Bun.write(scene.stateHome, "");
  const { code, stdout, stderr } = await cli(
    scene.environment,
    "consult",
    "question",
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("could not be stored in");
  expect(stderr).toContain("nothing was asked yet");
  expect(await Bun.file(scene.startsFile).exists()).toBe(false);
});

test("two hosts that make the ledger at once both answer", async () => {
  using scene = makeScene({ PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers") });
  const answers = await Promise.all(
    Array.from({ length: 6 }, async (_, host) => {
      await using session = await startSession(scene.environment, scene.home);
      return await session.call("consult", {
        prompt: `host ${host}`,
        render: "json",
      });
    }),
  );
  for (const answer of answers) {
    expect(answer.result?.structuredContent).toMatchObject({
      response: "The answer is 42.",
    });
  }
  expect(await history(scene.environment)).toHaveLength(6);
});
