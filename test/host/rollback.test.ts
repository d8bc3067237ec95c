// Which binaries are condemned for having died after they took over, and what becomes
// of the next start of one.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import {
  type Condemned,
  confirmHandoff,
  fallBack,
  type FallBackOptions,
  type Handoff,
  judgeHandoffs,
  noteHandoff,
  pardonAll,
  previousImage,
  verdictOn,
  withoutHandoff,
} from "../../src/host/rollback.ts";
import { fingerprintFile } from "../../src/sys/fingerprint.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { ownIdentity } from "./capsules.ts";

/** No process has such a number. */
const nobody = 2 ** 30;

const print = (inode: number) => ({
  size_bytes: "1",
  modified_unix_ns: "2",
  inode: String(inode),
});
const dead = (inode: number, pid = nobody): Handoff => ({
  host: { pid, start_time: "1" },
  fingerprint: print(inode),
  previous: `/opt/before-${inode}`,
  at_unix_ms: 1000,
});
const condemned = (inode: number): Condemned => ({
  fingerprint: print(inode),
  previous: `/opt/before-${inode}`,
});

/** The machine was started before all of these. */
const bootUnixMs = 500;
const judge = (directory: string) => judgeHandoffs(directory, bootUnixMs);

function place() {
  const dir = tempDir();
  return {
    dir,
    directory: dir.at("handoffs"),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

describe("a handoff", () => {
  test("whose host lives condemns nobody, and its note stays", async () => {
    await using here = place();
    noteHandoff(here.directory, { ...dead(1), host: ownIdentity() });
    expect(judge(here.directory)).toEqual([]);
    expect(readdirSync(here.directory)).toEqual([`${process.pid}.json`]);
  });

  test("whose host is dead condemns the binary, for all later starts", async () => {
    await using here = place();
    noteHandoff(here.directory, dead(1));
    expect(judge(here.directory)).toEqual([condemned(1)]);
    expect(readdirSync(here.directory)).toEqual(["condemned.json"]);
    expect(judge(here.directory)).toEqual([condemned(1)]);
  });

  test("whose host's number is another process's by now condemns it, too", async () => {
    await using here = place();
    noteHandoff(here.directory, dead(1, process.pid));
    expect(judge(here.directory)).toEqual([condemned(1)]);
  });

  test("that ended with the whole machine condemns nobody", async () => {
    await using here = place();
    noteHandoff(here.directory, { ...dead(1), at_unix_ms: bootUnixMs - 1 });
    expect(judge(here.directory)).toEqual([]);
    expect(readdirSync(here.directory)).toEqual([]);
  });

  test("that was confirmed condemns nobody", async () => {
    await using here = place();
    noteHandoff(here.directory, dead(1));
    confirmHandoff(here.directory, nobody);
    expect(judge(here.directory)).toEqual([]);
    confirmHandoff(here.directory, nobody);
  });

  test("is noted privately, a later one in the place of an earlier", async () => {
    await using here = place();
    noteHandoff(here.directory, dead(1));
    noteHandoff(here.directory, dead(2));
    expect(modeOf(here.directory)).toBe(0o700);
    expect(modeOf(`${here.directory}/${nobody}.json`)).toBe(0o600);
    expect(judge(here.directory)).toEqual([condemned(2)]);
  });

  test("that cannot be noted is the system's error", async () => {
    await using here = place();
    writeFileSync(here.directory, "a file");
    expect(() => noteHandoff(here.directory, dead(1))).toThrow("EEXIST");
  });
});

describe("what is condemned", () => {
  test("is the last eight", async () => {
    await using here = place();
    for (let inode = 1; inode <= 7; inode += 1) {
      noteHandoff(here.directory, dead(inode, nobody + inode));
    }
    judge(here.directory);
    for (const inode of [8, 9, 10]) {
      noteHandoff(here.directory, dead(inode));
      judge(here.directory);
    }
    const inodes = judge(here.directory).map(
      ({ fingerprint }) => fingerprint.inode,
    );
    expect(inodes).toHaveLength(8);
    expect(inodes.slice(-3)).toEqual(["8", "9", "10"]);
  });

  test("is nobody after a pardon", async () => {
    await using here = place();
    noteHandoff(here.directory, dead(1));
    judge(here.directory);
    pardonAll(here.directory);
    expect(judge(here.directory)).toEqual([]);
    pardonAll(here.directory);
  });

  for (const garbage of ["", "{", "null", "[]", '{"host":7}', "\u0000"]) {
    test(`is not told by a note ${JSON.stringify(garbage)}, which goes`, async () => {
      await using here = place();
      noteHandoff(here.directory, dead(1));
      writeFileSync(`${here.directory}/99.json`, garbage);
      expect(judge(here.directory)).toEqual([condemned(1)]);
      expect(readdirSync(here.directory)).toEqual(["condemned.json"]);
    });

    test(`is forgotten when the list is ${JSON.stringify(garbage)}`, async () => {
      await using here = place();
      noteHandoff(here.directory, dead(1));
      writeFileSync(`${here.directory}/condemned.json`, garbage);
      expect(judge(here.directory)).toEqual([condemned(1)]);
      expect(judge(here.directory)).toEqual([condemned(1)]);
    });
  }

  test("is known to this start though it cannot be kept", async () => {
    await using here = place();
    noteHandoff(here.directory, dead(1));
    mkdirSync(`${here.directory}/condemned.json`);
    expect(judge(here.directory)).toEqual([condemned(1)]);
    pardonAll(here.directory);
  });

  test("is told though a note is a directory, and other files stay", async () => {
    await using here = place();
    mkdirSync(`${here.directory}/5.json`, { recursive: true });
    writeFileSync(`${here.directory}/notes.json`, "mine");
    noteHandoff(here.directory, dead(1));
    expect(judge(here.directory)).toEqual([condemned(1)]);
    confirmHandoff(here.directory, 5);
    expect(readdirSync(here.directory).toSorted()).toEqual([
      "5.json",
      "condemned.json",
      "notes.json",
    ]);
  });

  test("is nobody where there is no directory", async () => {
    await using here = place();
    expect(judge(here.directory)).toEqual([]);
    expect(readdirSync(here.dir.path)).toEqual([]);
    confirmHandoff(here.directory, 1);
    pardonAll(here.directory);
  });
});

test("the verdict is the latest on this very file", () => {
  const all = [
    condemned(1),
    condemned(2),
    { ...condemned(1), previous: "/opt/later" },
  ];
  expect(verdictOn(all, print(1))?.previous).toBe("/opt/later");
  expect(verdictOn(all, print(2))).toEqual(condemned(2));
  expect(verdictOn(all, print(3))).toBeUndefined();
  expect(verdictOn(all, { ...print(1), size_bytes: "9" })).toBeUndefined();
  expect(verdictOn(all, undefined)).toBeUndefined();
});

describe("falling back", () => {
  const attempt = (changes: Partial<FallBackOptions> = {}) => {
    const replaced: unknown[] = [];
    const logged: string[] = [];
    fallBack({
      condemned: [condemned(1)],
      image: print(1),
      environment: { PATH: "/bin", HOME: undefined },
      launchPath: "/bin/phone-opus",
      replaceImage: (...call) => replaced.push(call),
      log: (line) => logged.push(line),
      ...changes,
    });
    return { replaced, logged };
  };

  test("becomes the one before, as the one that the client started", () => {
    const { replaced, logged } = attempt();
    expect(replaced).toEqual([
      [
        "/opt/before-1",
        ["/bin/phone-opus", "mcp", "serve"],
        { PATH: "/bin", PHONE_OPUS_MCP_FALLEN_BACK: "1" },
      ],
    ]);
    expect(logged).toEqual([
      "the binary at /bin/phone-opus died after it took over: going back",
    ]);
  });

  test("happens to no other binary", () => {
    const nothing = { replaced: [], logged: [] };
    expect(attempt({ image: print(2) })).toEqual(nothing);
    expect(attempt({ image: undefined })).toEqual(nothing);
    expect(attempt({ condemned: [] })).toEqual(nothing);
  });

  test("does not happen where there is nothing to fall back to", () => {
    const alone = { ...condemned(1), previous: null };
    expect(attempt({ condemned: [alone] })).toEqual({
      replaced: [],
      logged: [],
    });
  });

  test("happens once in a row: two condemned ones do not play ball", () => {
    const environment = { PHONE_OPUS_MCP_FALLEN_BACK: "1" };
    expect(attempt({ environment }).replaced).toEqual([]);
  });

  test("goes on as it is when the one before cannot be started", () => {
    const replaceImage = () => {
      throw new Error("ENOENT: no such file");
    };
    expect(attempt({ replaceImage }).logged.at(-1)).toBe(
      "/opt/before-1 cannot be started: ENOENT: no such file",
    );
  });
});

test("what one image tells the next is not told any further", () => {
  const environment = {
    PATH: "/bin",
    PHONE_OPUS_MCP_FALLEN_BACK: "1",
    PHONE_OPUS_MCP_HOST_STATE: "/tmp/capsule",
    PHONE_OPUS_CLAUDE_BIN: "/opt/claude",
  };
  expect(withoutHandoff(environment)).toEqual({
    PATH: "/bin",
    PHONE_OPUS_CLAUDE_BIN: "/opt/claude",
  });
});

test("the previous image is the running one, if it still lies there", async () => {
  await using dir = tempDir();
  const path = dir.at("phone-opus");
  writeFileSync(path, "one");
  const own = fingerprintFile(path);
  expect(previousImage(path, own)).toBe(path);
  expect(previousImage(path, undefined)).toBeNull();
  expect(previousImage(dir.at("nowhere"), own)).toBeNull();
  writeFileSync(path, "another");
  expect(previousImage(path, own)).toBeNull();
});
