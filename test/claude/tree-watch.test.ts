// The looks before and after a run: what they take for the project's, and what not.

import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchedTree } from "../../src/claude/receipt.ts";
import {
  isNoProject,
  lookAfter,
  lookBefore,
  type WatchedTree,
} from "../../src/claude/tree-watch.ts";
import { consulting } from "./consulting.ts";

function watching() {
  const here = consulting({ program: "answers" });
  const { spool } = here.accepted();
  return {
    ...here,
    watched: (cwd = here.cwd) => watchedTree(here.ports, cwd),
    /** What the look after finds that the one before did not. */
    changes: async (watched: WatchedTree, act: () => void) => {
      await lookBefore(spool, watched);
      act();
      return await lookAfter(spool, watched);
    },
  };
}

test("Claude's own state is no change of the project, though a link leads there", async () => {
  await using here = watching();
  const real = join(here.cwd, "dotfiles/claude");
  mkdirSync(real, { recursive: true });
  symlinkSync(real, here.at("home/.claude"));
  const act = () => writeFileSync(here.at("home/.claude/history.jsonl"), "");
  expect(await here.changes(here.watched(), act)).toMatchObject({
    change_count: 0,
  });
});

test("the user's home is no project, by whatever name", async () => {
  await using here = watching();
  symlinkSync("home", here.at("alias"));
  const watched = here.watched(here.at("home"));
  expect(isNoProject({ ...watched, home: here.at("alias") })).toBe(true);
});
