// What cannot be stored or started: a clear fault, nothing asked, nothing running.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { newConsultId } from "../../src/sys/ids.ts";
import { spawnOnFiles } from "../../src/sys/spawn.ts";
import { consulting, temporaryDirectory } from "./consulting.ts";
import { matching } from "./matching.ts";

/** The fault of a spool that could not be made. */
function notStored(directory: string, code: string): unknown {
  return {
    status: "failed",
    fault: {
      fault: {
        generation: 1,
        class: "process",
        code: "process_failure",
        directive: "restart_and_replay",
        detail: matching(
          new RegExp(
            `^The consult could not be stored in ${directory} \\((${code}).*\\): free the disk or correct its permissions, nothing was asked yet\\.$`,
          ),
        ),
      },
      stage: "worker",
      operation: "tools/call:consult",
      jsonrpc_code: -32603,
      retryable: true,
      retried: false,
    },
  };
}

describe("a spool that cannot be made", () => {
  test("because a file is in its place", async () => {
    using directory = temporaryDirectory();
    const state = join(directory.path, "state");
    mkdirSync(join(state, "phone_opus"), { recursive: true });
    const consults = join(state, "phone_opus/consults");
    writeFileSync(consults, "");
    await using here = consulting({
      program: "answers",
      environment: { XDG_STATE_HOME: state },
    });
    expect<unknown>((await here.ask()).outcome).toEqual(
      notStored(consults, "EEXIST|ENOTDIR"),
    );
    expect(await here.starts()).toEqual([]);
  });

  test("because its parent is missing and cannot be made", async () => {
    using directory = temporaryDirectory();
    const state = join(directory.path, "state");
    symlinkSync(join(directory.path, "nowhere/deep"), state);
    await using here = consulting({
      program: "answers",
      environment: { XDG_STATE_HOME: state },
    });
    expect<unknown>((await here.ask()).outcome).toEqual(
      notStored(join(state, "phone_opus/consults"), "ENOENT|EEXIST"),
    );
    expect(await here.starts()).toEqual([]);
  });

  test("because its parent is a file", async () => {
    using directory = temporaryDirectory();
    const state = join(directory.path, "state");
    writeFileSync(state, "");
    await using here = consulting({
      program: "answers",
      environment: { XDG_STATE_HOME: state },
    });
    expect<unknown>((await here.ask()).outcome).toEqual(
      notStored(join(state, "phone_opus/consults"), "EEXIST|ENOTDIR"),
    );
    expect(await here.starts()).toEqual([]);
  });

  test("because the directory is read-only", async () => {
    using directory = temporaryDirectory();
    // Permissions do not hold root back; the kernel's own file system does.
    const isRoot = process.getuid?.() === 0;
    const state = isRoot ? "/proc" : join(directory.path, "state");
    if (!isRoot) mkdirSync(state);
    if (!isRoot) chmodSync(state, 0o500);
    await using here = consulting({
      program: "answers",
      environment: { XDG_STATE_HOME: state },
    });
    expect<unknown>((await here.ask()).outcome).toEqual(
      notStored(join(state, "phone_opus/consults"), "EACCES|EROFS|ENOENT"),
    );
    expect(await here.starts()).toEqual([]);
  });

  test("because a consult of this id has one already, which stays as it is", async () => {
    await using here = consulting({ program: "answers" });
    const first = await here.ask();
    const second = await here.ask({ id: first.id });
    expect<unknown>(second.outcome).toEqual(
      notStored(here.ports.paths.consults, "EEXIST|ENOTEMPTY"),
    );
    expect(first.spool.readOutcome()).toEqual(first.outcome);
    expect((await here.starts()).length).toBe(1);
  });
});

describe("a spool that breaks during the run", () => {
  test("before it can be followed, leaves no process and one fault", async () => {
    await using here = consulting({
      program: "ignores-signals",
      environment: { PHONE_OPUS_STOP_GRACE_S: "0.1" },
      ports: {
        spawn: (request) => {
          const started = spawnOnFiles(request);
          rmSync(request.stdoutPath);
          return started;
        },
      },
    });
    const id = newConsultId();
    const outcome = await here.ask({ id }).then(
      (asked) => asked.outcome.status,
      (error: unknown) => `rejected: ${String(error)}`,
    );
    expect([outcome, await here.survivors()]).toEqual(["failed", []]);
  });

  test("by its whole directory, still gives the answer", async () => {
    await using here = consulting({ program: "answers-slowly" });
    const id = newConsultId();
    const directory = join(here.ports.paths.consults, id);
    const { outcome } = await here.ask({
      id,
      onProgress: () => rmSync(directory, { recursive: true, force: true }),
    });
    expect(outcome.status).toBe("done");
    expect(existsSync(directory)).toBe(false);
    expect(await here.survivors()).toEqual([]);
  });
});

describe("a start that fails", () => {
  test("of a program that cannot be run names it", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "claude");
    writeFileSync(path, "#!/nowhere/interpreter\n");
    chmodSync(path, 0o755);
    await using here = consulting({
      program: { path },
      ports: { askVersion: () => Promise.resolve("2.1.329") },
    });
    const { outcome, spool } = await here.ask();
    expect<unknown>(outcome).toMatchObject({
      status: "failed",
      fault: {
        fault: {
          reason: "not_installed",
          detail: matching(
            /^Claude Code at .*\/claude could not be started \(.*\): check that it runs\.$/,
          ),
        },
      },
    });
    expect(spool.readOutcome()).toEqual(outcome);
  });

  test("of a missing binary names the variable, and is on record", async () => {
    await using here = consulting({ program: { path: "/nowhere/claude" } });
    const { outcome, spool } = await here.ask();
    expect(outcome).toMatchObject({
      status: "failed",
      fault: {
        stage: "claude",
        fault: {
          reason: "not_installed",
          detail:
            'PHONE_OPUS_CLAUDE_BIN is "/nowhere/claude", which is no executable file: correct it or remove it.',
        },
      },
    });
    expect(spool.readOutcome()).toEqual(outcome);
    expect(spool.readRun()).toBeUndefined();
  });

  test("because the directory vanished is not blamed on Claude", async () => {
    await using here = consulting({ program: "answers" });
    const cwd = here.at("gone");
    const { outcome } = await here.ask({ request: { cwd } });
    expect(outcome).toMatchObject({
      status: "failed",
      fault: {
        fault: {
          code: "invalid_input",
          detail: `cwd ${cwd} is no directory any more: name one that exists.`,
        },
      },
    });
  });
});

test("each consult has a spool of its own", async () => {
  await using here = consulting({ program: "answers" });
  const asked = await Promise.all([here.ask(), here.ask(), here.ask()]);
  expect(readdirSync(here.ports.paths.consults).toSorted()).toEqual(
    asked.map(({ id }) => id).toSorted(),
  );
  expect(asked.map(({ outcome }) => outcome.status)).toEqual([
    "done",
    "done",
    "done",
  ]);
});
