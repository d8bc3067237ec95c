// Where a capsule lies: taken once, by whom it was made for, and only when it is
// plainly ours. What is refused is neither followed nor overwritten nor removed.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Capsule } from "../../src/host/capsule.ts";
import {
  reapCapsules,
  takeOwnCapsule,
  takeParentsCapsule,
  writeCapsule,
} from "../../src/host/capsule-file.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { ownIdentity, sampleCapsule } from "./capsules.ts";

const token = () => crypto.randomUUID();

function place(changes: Partial<Capsule> = {}) {
  const dir = tempDir();
  const directory = dir.at("mcp");
  const capsule = sampleCapsule(changes);
  const path = writeCapsule(directory, token(), capsule);
  const problem = () => {
    const taken = takeOwnCapsule(directory, path);
    return taken.ok ? "taken" : taken.problem;
  };
  const dispose = () => dir[Symbol.asyncDispose]();
  return {
    dir,
    directory,
    path,
    capsule,
    problem,
    [Symbol.asyncDispose]: dispose,
  };
}

describe("a capsule", () => {
  test("is private, in a private directory, named after its host", async () => {
    await using here = place();
    expect(modeOf(here.path)).toBe(0o600);
    expect(modeOf(here.directory)).toBe(0o700);
    expect(basename(here.path)).toStartWith(`capsule-${process.pid}-`);
  });

  test("is taken once", async () => {
    await using here = place();
    expect(takeOwnCapsule(here.directory, here.path)).toEqual({
      ok: true,
      capsule: here.capsule,
    });
    expect(readdirSync(here.directory)).toEqual([]);
    expect(here.problem()).toContain("ENOENT");
  });

  test("is refused in one sentence that names it", async () => {
    await using here = place();
    chmodSync(here.path, 0o644);
    expect(here.problem()).toBe(
      `The capsule ${here.path} is refused: others may read or write it.`,
    );
  });

  test("never takes the place of a file or link", async () => {
    await using here = place();
    const { directory, capsule } = here;
    writeFileSync(here.dir.at("target"), "kept");
    const taken = token();
    const path = join(directory, `capsule-${process.pid}-${taken}`);
    for (const occupy of [
      () => writeFileSync(path, "before", { mode: 0o600 }),
      () => symlinkSync(here.dir.at("target"), path),
      () => symlinkSync(here.dir.at("nowhere"), path),
    ]) {
      occupy();
      expect(() => writeCapsule(directory, taken, capsule)).toThrow("EEXIST");
      renameSync(path, here.dir.at(token()));
    }
    expect(readFileSync(here.dir.at("target"), "utf8")).toBe("kept");
    expect(readdirSync(here.dir.path)).not.toContain("nowhere");
  });

  test("that cannot be written is the system's error", async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("mcp"), "a file");
    expect(() => writeCapsule(dir.at("mcp"), token(), sampleCapsule())).toThrow(
      "EEXIST",
    );
  });
});

describe("refused and left where it is", () => {
  test("is a path that is not one of the directory's capsules", async () => {
    await using here = place();
    const { directory, path } = here;
    const outside = here.dir.at(basename(path));
    mkdirSync(join(directory, "sub"));
    const odd = join(directory, "capsule-1");
    for (const other of [
      outside,
      join(directory, "sub", basename(path)),
      odd,
    ]) {
      writeFileSync(other, readFileSync(path), { mode: 0o600 });
    }
    for (const tried of [
      outside,
      `${directory}/sub/../${basename(path)}`,
      `${directory}//${basename(path)}`,
      `${directory}/../mcp/${basename(path)}`,
      join(directory, "sub", basename(path)),
      odd,
      `${path}/`,
      basename(path),
      "",
      "/etc/passwd",
    ]) {
      const taken = takeOwnCapsule(directory, tried);
      expect(taken).toMatchObject({ ok: false });
    }
    expect(readFileSync(outside)).toEqual(readFileSync(path));
    expect(here.problem()).toBe("taken");
  });

  test("is a link in its place, and its target", async () => {
    await using here = place();
    const target = here.dir.at("target");
    renameSync(here.path, target);
    symlinkSync(target, here.path);
    expect(here.problem()).toContain("it is a symbolic link");
    expect(lstatSync(here.path).isSymbolicLink()).toBe(true);
    expect(lstatSync(target).isFile()).toBe(true);
  });

  test("is a file with another name, and that name", async () => {
    await using here = place();
    linkSync(here.path, here.dir.at("other"));
    expect(here.problem()).toContain("another name");
    expect(lstatSync(here.dir.at("other")).nlink).toBe(2);
  });

  for (const mode of [0o602, 0o604, 0o660]) {
    test(`is a file with the mode ${mode.toString(8)}`, async () => {
      await using here = place();
      chmodSync(here.path, mode);
      expect(here.problem()).toContain("others may read or write it");
      expect(lstatSync(here.path).isFile()).toBe(true);
    });
  }

  test("is a pipe or a directory in its place", async () => {
    await using here = place();
    renameSync(here.path, here.dir.at("away"));
    Bun.spawnSync(["mkfifo", "-m", "600", here.path]);
    expect(here.problem()).toContain("no regular file");
    renameSync(here.path, here.dir.at("pipe"));
    mkdirSync(here.path, { mode: 0o700 });
    expect(here.problem()).toContain("no regular file");
  });

  test("is what is larger than any session", async () => {
    await using here = place();
    truncateSync(here.path, 2 ** 30 + 1);
    expect(here.problem()).toContain("larger than");
  });

  test("is one that is cut short, empty or of another format", async () => {
    await using here = place();
    const whole = readFileSync(here.path);
    truncateSync(here.path, whole.length - 1);
    expect(here.problem()).toContain("it is cut short");
    truncateSync(here.path, 0);
    expect(here.problem()).toContain("it is cut short");
    writeFileSync(here.path, '{"format":2}\n');
    expect(here.problem()).toContain("it has format 2");
  });

  test("is the copy for a rehearsal, where a handoff is due", async () => {
    await using here = place({ purpose: "prove" });
    expect(here.problem()).toContain("it is for prove, not for handoff");
    expect(readdirSync(here.directory)).toHaveLength(1);
  });

  test("is another host's, even one with the same number", async () => {
    const own = ownIdentity();
    for (const host of [
      { pid: process.ppid, start_time: own.start_time },
      { ...own, start_time: "1" },
    ]) {
      await using here = place({ host });
      expect(here.problem()).toContain(`it belongs to the host ${host.pid}`);
      expect(readdirSync(here.directory)).toHaveLength(1);
    }
  });
});

describe("the copy for a rehearsal", () => {
  const fixture = join(import.meta.dir, "takes-capsule-fixture.ts");
  const taken = async (directory: string, path: string) => {
    const child = Bun.spawn([process.execPath, fixture, directory, path], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    return (await child.stdout.text()).trim();
  };

  test("is taken by a child of the host that made it, once", async () => {
    await using here = place({ purpose: "prove" });
    expect(await taken(here.directory, here.path)).toBe("taken");
    expect(readdirSync(here.directory)).toEqual([]);
    expect(await taken(here.directory, here.path)).toContain("ENOENT");
  });

  test("is not taken by the host itself", async () => {
    await using here = place({ purpose: "prove" });
    expect(takeParentsCapsule(here.directory, here.path).ok).toBe(false);
  });

  test("is not a handoff's", async () => {
    await using here = place();
    expect(await taken(here.directory, here.path)).toContain(
      "it is for handoff, not for prove",
    );
    expect(readdirSync(here.directory)).toHaveLength(1);
  });
});

describe("reaped", () => {
  /** No process has such a number. */
  const nobody = 2 ** 30;
  const uuid = "0197a0b0-0000-4000-8000-000000000001";

  test("are capsules of hosts that are gone and of this one, nothing else", async () => {
    await using dir = tempDir();
    const stale = [
      `capsule-${nobody}-${uuid}`,
      `capsule-${process.pid}-${uuid}`,
    ];
    const kept = [
      `capsule-${process.ppid}-${uuid}`,
      `capsule-${nobody}-${uuid}.tmp`,
      `capsule-${nobody}`,
      `xcapsule-${nobody}-${uuid}`,
      "telemetry.jsonl",
    ];
    for (const name of [...stale, ...kept]) writeFileSync(dir.at(name), "x");
    reapCapsules(dir.path);
    expect(readdirSync(dir.path).toSorted()).toEqual(kept.toSorted());
  });

  test("is a link, but not what it leads to", async () => {
    await using dir = tempDir();
    writeFileSync(dir.at("target"), "x");
    symlinkSync(dir.at("target"), dir.at(`capsule-${nobody}-${uuid}`));
    reapCapsules(dir.path);
    expect(readdirSync(dir.path)).toEqual(["target"]);
  });

  test("is all that can be: a directory of such a name stays", async () => {
    await using dir = tempDir();
    mkdirSync(dir.at(`capsule-${nobody}-${uuid}`));
    writeFileSync(dir.at(`capsule-${nobody + 1}-${uuid}`), "x");
    reapCapsules(dir.path);
    expect(readdirSync(dir.path)).toEqual([`capsule-${nobody}-${uuid}`]);
  });

  test("is nothing where there is no directory", async () => {
    await using dir = tempDir();
    reapCapsules(dir.at("nowhere"));
    writeFileSync(dir.at("file"), "x");
    reapCapsules(dir.at("file"));
    expect(readdirSync(dir.path)).toEqual(["file"]);
  });
});
