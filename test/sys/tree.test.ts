// A look at a tree and what two looks tell: every kind of change, nothing followed,
// nothing executed, and honest about what was not seen.

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/sys/clock.ts";
import { gitPartsOutside } from "../../src/sys/git-places.ts";
import {
  compareTrees,
  countEntries,
  digestTree,
  lookAtTree,
  type TreeOptions,
} from "../../src/sys/tree.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { runWithoutRoot } from "../helpers/without-root.ts";

function scene() {
  const directory = tempDir();
  const at = (path: string) => directory.at(path);
  const root = at("root");
  for (const path of ["root/a/b", "root/.git/objects/00", "root/.git/refs"]) {
    mkdirSync(at(path), { recursive: true });
  }
  for (const path of ["one", "a/two", "a/b/three", ".git/HEAD", ".git/index"]) {
    writeFileSync(join(root, path), `${path}\n`);
  }
  const look = (options: Partial<TreeOptions> = {}) =>
    lookAtTree({
      root,
      extra: [],
      isExcluded: () => false,
      maxEntries: 10_000,
      budgetMs: 60_000,
      clock: systemClock,
      ...options,
    });
  const surely = async (options: Partial<TreeOptions> = {}) => {
    const tree = await look(options);
    if (tree === undefined) throw new Error("the root is not there");
    return tree;
  };
  return {
    at: (path: string) => join(root, path),
    outside: at,
    root,
    look,
    surely,
    changes: async (act: () => void, options: Partial<TreeOptions> = {}) => {
      const before = await surely(options);
      act();
      const after = await surely(options);
      return [...compareTrees(before, after)].map(
        ({ path, change }) => `${change} ${path.slice(root.length + 1)}`,
      );
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

describe("between two looks", () => {
  test("nothing happened: they are the same", async () => {
    await using here = scene();
    const [first, second] = [await here.surely(), await here.surely()];
    expect(digestTree(first)).toBe(digestTree(second));
    expect([...compareTrees(first, second)]).toEqual([]);
    expect(first.isComplete).toBe(true);
    // a, a/b, a/b/three, a/two, one; .git and what is in it.
    expect(countEntries(first)).toBe(10);
  });

  test("each kind of change is named", async () => {
    await using here = scene();
    const { at } = here;
    const acts: readonly (readonly [() => void, string[]])[] = [
      [() => writeFileSync(at("new"), ""), ["added new"]],
      [() => appendFileSync(at("a/b/three"), "x"), ["modified a/b/three"]],
      [() => chmodSync(at("one"), 0o755), ["modified one"]],
      [() => chmodSync(at("a/b"), 0o700), ["modified a/b"]],
      [() => renameSync(at("one"), at("uno")), ["removed one", "added uno"]],
      [() => mkdirSync(at("dir/in"), { recursive: true }), ["added dir"]],
      [() => symlinkSync("a", at("link")), ["added link"]],
      [() => rmSync(at("a/b"), { recursive: true }), ["removed a/b"]],
      [() => appendFileSync(at(".git/index"), "x"), ["modified .git/index"]],
      [() => writeFileSync(at(".git/refs/x"), ""), ["added .git/refs/x"]],
      [() => linkSync(at("a/two"), at("two")), ["added two", "modified a/two"]],
    ];
    for (const [act, changes] of acts) {
      expect(await here.changes(act)).toEqual(changes);
    }
  });

  test("a change whose time was set back is seen all the same", async () => {
    await using here = scene();
    const old = new Date("2020-01-01T00:00:00Z");
    utimesSync(here.at("one"), old, old);
    const act = () => {
      writeFileSync(here.at("one"), "two\n");
      utimesSync(here.at("one"), old, old);
    };
    expect(await here.changes(act)).toEqual(["modified one"]);
  });

  test("a link that leads elsewhere is seen, what it leads to is not", async () => {
    await using here = scene();
    mkdirSync(here.outside("other"));
    symlinkSync(here.outside("other"), here.at("link"));
    symlinkSync(".", here.at("a/loop"));
    const inside = () => writeFileSync(here.outside("other/x"), "");
    expect(await here.changes(inside)).toEqual([]);
    const lead = () => {
      rmSync(here.at("link"));
      symlinkSync("a", here.at("link"));
    };
    expect(await here.changes(lead)).toEqual(["modified link"]);
  });

  test("what is excluded, and git's objects, may change", async () => {
    await using here = scene();
    mkdirSync(here.at("state"));
    const act = () => {
      writeFileSync(here.at("state/x"), "");
      writeFileSync(here.at(".git/objects/00/x"), "");
    };
    const isExcluded = (path: string) => path === here.at("state");
    expect(await here.changes(act, { isExcluded })).toEqual([]);
    // A directory of that name is git's only where the rest of a repository is.
    mkdirSync(here.at("objects"));
    const other = () => writeFileSync(here.at("objects/x"), "");
    expect(await here.changes(other)).toEqual(["added objects/x"]);
  });

  test("further places are looked at, whether they are there or not", async () => {
    await using here = scene();
    mkdirSync(here.outside("git/hooks"), { recursive: true });
    const extra = [here.outside("git/hooks"), here.outside("git/HEAD")];
    const act = () => {
      writeFileSync(here.outside("git/hooks/pre-commit"), "");
      writeFileSync(here.outside("git/HEAD"), "");
    };
    const before = await here.surely({ extra });
    act();
    const after = await here.surely({ extra });
    expect([...compareTrees(before, after)]).toEqual([
      { path: here.outside("git/hooks/pre-commit"), change: "added" },
      { path: here.outside("git/HEAD"), change: "added" },
    ]);
  });
});

describe("what was not seen", () => {
  test("beyond the bound of entries is no change and is told", async () => {
    await using here = scene();
    for (let index = 0; index < 50; index++) {
      mkdirSync(here.at(`many/${index}`), { recursive: true });
      writeFileSync(here.at(`many/${index}/x`), "");
    }
    const bounded = { maxEntries: 30 };
    expect((await here.surely(bounded)).isComplete).toBe(false);
    const act = () => writeFileSync(here.at("early"), "");
    expect(await here.changes(act, bounded)).toEqual(["added early"]);
  });

  test("in a directory that holds too much by itself is told", async () => {
    await using here = scene();
    mkdirSync(here.at("huge"));
    for (let index = 0; index < 600; index++) {
      writeFileSync(here.at(`huge/${index}`), "");
    }
    const tree = await here.surely({ maxEntries: 300 });
    expect(tree.isComplete).toBe(false);
    expect(tree.listings.has(here.at("huge"))).toBe(false);
  });

  test("for lack of time is told", async () => {
    await using here = scene();
    let nowMs = 0;
    const monotonicMs = () => (nowMs += 10);
    const clock = { ...systemClock, monotonicMs };
    const slow = await here.surely({ clock, budgetMs: 45 });
    expect(slow.isComplete).toBe(false);
    expect(slow.listings.has(here.root)).toBe(true);
  });

  test("comes last where others installed it", async () => {
    await using here = scene();
    mkdirSync(here.at("node_modules/x"), { recursive: true });
    for (let index = 0; index < 20; index++) {
      writeFileSync(here.at(`node_modules/${index}`), "");
    }
    mkdirSync(here.at("zoo"));
    writeFileSync(here.at("zoo/animal"), "");
    const tree = await here.surely({ maxEntries: 13 });
    expect(tree.listings.has(here.at("zoo"))).toBe(true);
    expect(tree.listings.has(here.at("node_modules"))).toBe(false);
    expect(tree.isComplete).toBe(false);
  });

  test("because its name is no text is told", async () => {
    await using here = scene();
    const name = Buffer.from([0xe9]);
    writeFileSync(Buffer.concat([Buffer.from(here.at("a/")), name]), "");
    expect((await here.surely()).isComplete).toBe(false);
  });

  test("in a directory that is closed to us is told", async () => {
    await using here = scene();
    for (const open of [".", "a", ".git", ".git/refs"]) {
      chmodSync(here.at(open), 0o755);
    }
    chmodSync(here.at("a/b"), 0o000);
    const fixture = join(import.meta.dir, "looks-at-tree-fixture.ts");
    const told = await runWithoutRoot(fixture, [here.root]);
    expect(told).toEqual({
      isComplete: false,
      listed: [".", ".git", "a", ".git/refs"],
    });
  });

  test("a root that is gone or no directory is no tree", async () => {
    await using here = scene();
    expect(await here.look({ root: here.at("one") })).toBeUndefined();
    rmSync(here.root, { recursive: true });
    expect(await here.look()).toBeUndefined();
  });
});

describe("git's own places outside of a directory", () => {
  const endings = (paths: readonly string[], place: string) =>
    paths.filter((path) => path.startsWith(`${place}/`)).length;

  test("are none where the repository lies inside, or nowhere", async () => {
    await using here = scene();
    expect(gitPartsOutside(here.root)).toEqual([]);
  });

  test("are found above, and through the pointers of a working tree", async () => {
    await using here = scene();
    const above = gitPartsOutside(here.at("a/b"));
    expect(above).toContain(here.at(".git/HEAD"));
    expect(above).toContain(here.at(".git/hooks"));
    mkdirSync(here.outside("linked"));
    mkdirSync(here.at(".git/worktrees/linked"), { recursive: true });
    writeFileSync(
      here.outside("linked/.git"),
      `gitdir: ${here.at(".git/worktrees/linked")}\n`,
    );
    writeFileSync(here.at(".git/worktrees/linked/commondir"), "../..\n");
    const linked = gitPartsOutside(here.outside("linked"));
    expect(linked).toContain(here.at(".git/worktrees/linked/index"));
    expect(linked).toContain(here.at(".git/config"));
    expect(endings(linked, here.at(".git"))).toBe(16);
  });

  test("are found through a link that stands for the repository", async () => {
    await using here = scene();
    mkdirSync(here.outside("view"));
    symlinkSync(here.at(".git"), here.outside("view/.git"));
    const linked = gitPartsOutside(here.outside("view"));
    expect(linked).toContain(here.at(".git/HEAD"));
    expect(linked).toContain(here.at(".git/hooks"));
  });

  test("are none behind a pointer that is garbage", async () => {
    await using here = scene();
    mkdirSync(here.outside("odd"));
    writeFileSync(here.outside("odd/.git"), "x".repeat(100_000));
    expect(gitPartsOutside(here.outside("odd"))).toEqual([]);
  });
});
