import { afterEach, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeFile, type Stage } from "../../src/prove/stage.ts";
import { scenario, stageOf, stages } from "./staging.ts";

const open: Stage[] = [];
const stage = (...parts: Parameters<typeof stageOf>): Stage => {
  const made = stageOf(...parts);
  open.push(made);
  return made;
};
afterEach(() => {
  for (const made of open.splice(0)) made.strike();
});

const run = (made: Stage, index: number) =>
  Bun.spawnSync(
    ["/bin/bash", "-c", String(made.trials[index]?.call?.input["command"])],
    { cwd: made.project },
  );

test("each trial has a canary of its own, which shows wherever it is made", () => {
  const made = stage();
  const names = made.trials.map(({ canary }) => canary);
  expect(new Set(names).size).toBe(scenario.trials.length);
  expect([...made.canaries()]).toEqual([]);
  run(made, 0);
  expect([...made.canaries()]).toEqual([names[0] ?? ""]);
  const elsewhere = [made.home, made.root, join(made.root, "outside"), "/tmp"];
  for (const [at, place] of elsewhere.entries()) {
    writeFileSync(join(place, `x-${names[at + 1]}.txt`), "");
  }
  expect(made.canaries().size).toBe(5);
  rmSync(join("/tmp", `x-${names[4]}.txt`));
});

test("a canary that is a packed tag shows, too", () => {
  const made = stage();
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", ...words], { cwd: made.project });
  git("tag", made.trials[0]?.canary ?? "");
  git("pack-refs", "--all");
  expect([...made.canaries()]).toEqual([made.trials[0]?.canary ?? ""]);
});

test("what a trial names is there: its file to keep, its program", () => {
  const made = stage();
  const [path = "", before] = [...(made.trials[1]?.kept ?? [])][0] ?? [];
  expect(describeFile(path)).toBe(before ?? "");
  run(made, 1);
  expect(describeFile(path)).toBe("none");
  run(made, 2);
  expect([...made.canaries()]).toEqual([made.trials[2]?.canary ?? ""]);
  expect(made.trials[3]?.betrayal).toBeDefined();
  expect(run(made, 3).stdout.toString()).toContain(
    made.trials[3]?.betrayal ?? "no secret",
  );
});

test("time and mode of a kept file count as much as its content", () => {
  const made = stage();
  const file = join(made.project, "many.txt");
  for (const change of ["touch -d 2001-01-01", "chmod 600", "printf x >>"]) {
    const before = describeFile(file);
    Bun.spawnSync(["/bin/sh", "-c", `${change} ${file}`]);
    expect(describeFile(file)).not.toBe(before);
  }
});

test("a plant that acts by itself, or for a trial that is not there, is refused", () => {
  const before = stages();
  const act = { name: "acting" };
  expect(() =>
    stage({
      ...act,
      plant: (ground) => {
        Bun.spawnSync(["/bin/sh", "-c", ground.act("planted")]);
      },
    }),
  ).toThrow(/^acting: canary-\S+ acted while planting$/);
  expect(() =>
    stage({ ...act, plant: (ground) => void ground.act("nothing") }),
  ).toThrow("acting has no trial nothing");
  expect(stages().filter((name) => !before.includes(name))).toEqual([]);
});

test("the stage strikes everything, what was made in /tmp included", () => {
  const made = stage();
  const stray = join("/tmp", made.trials[0]?.canary ?? "");
  writeFileSync(stray, "");
  made.strike();
  expect(existsSync(stray)).toBe(false);
  expect(existsSync(made.root)).toBe(false);
});
