// One real case for each documented exit code of the compiled binary, and the sentence
// that comes with it.

import { describe, expect, test } from "bun:test";
import { faultRecordSchema } from "../../src/base/fault.ts";
import { shell } from "../cli/binary.ts";
import type { FakeClaudeName } from "../fake-claude/fake-claude.ts";
import { runningConsult } from "./cli-runs.ts";

describe("the exit code", () => {
  interface Case {
    readonly program: FakeClaudeName;
    readonly words?: readonly string[];
    readonly says: string;
    readonly written?: string;
  }
  const cases: readonly (readonly [number, Case])[] = [
    [1, { program: "exits-7", says: "Claude Code exited with code 7: boom." }],
    [
      1,
      {
        program: "budget-exceeded",
        says: "Claude Code reached the budget of this consult",
        written: "Written so far:\nThe answer is 42.\n",
      },
    ],
    [1, { program: "old-version", says: "Claude Code 1.0.20 at " }],
    [
      3,
      {
        program: "hangs-silently",
        words: ["--timeout-s", "0.5"],
        says: "Claude Code did not finish within 0.5 s",
      },
    ],
    [4, { program: "not-logged-in", says: "Claude Code is not logged in" }],
  ];

  test.each(cases)("is %d with %j", async (expected, given) => {
    await using here = shell({ program: given.program });
    const words = ["consult", ...(given.words ?? []), "Why?"];
    const { code, stdout, stderr } = await here.run(words);
    expect(stdout).toBe("");
    expect(stderr).toStartWith(`phone-opus: ${given.says}`);
    expect(stderr).toEndWith(given.written ?? "\n");
    expect(code).toBe(expected);
    expect(await here.survivors()).toEqual([]);
  });

  test("is 4 without Claude Code, and the sentence names what to set", async () => {
    await using here = shell({ program: { path: "/nowhere/claude" } });
    expect(await here.run(["consult", "Why?"])).toEqual({
      code: 4,
      stdout: "",
      stderr:
        'phone-opus: PHONE_OPUS_CLAUDE_BIN is "/nowhere/claude", which is no executable file: correct it or remove it.\n',
    });
  });

  test("is 2 with a bad setting, which is named", async () => {
    await using here = shell({ environment: { PHONE_OPUS_TIMEOUT_S: "soon" } });
    expect(await here.run(["consult", "Why?"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'phone-opus: PHONE_OPUS_TIMEOUT_S is "soon": expected a positive number of seconds; correct or remove this environment variable. (see phone-opus --help)\n',
    });
    expect(await here.starts()).toEqual([]);
  });

  test.each(["TEST=1", "CONSOLA_LEVEL=-999"])(
    "comes with its sentence under %s, too",
    async (variable) => {
      await using here = shell({ program: "budget-exceeded" });
      const [name = "", value = ""] = variable.split("=");
      const { stderr } = await here.run(["consult", "Why?"], {
        environment: { [name]: value },
      });
      expect(stderr).toStartWith("phone-opus: Claude Code reached the budget");
      expect(stderr).toEndWith("\nWritten so far:\nThe answer is 42.\n");
    },
  );

  test("is the fault's with --json, which prints the fault", async () => {
    await using here = shell({ program: "max-turns" });
    const { code, stdout } = await here.run(["consult", "--json", "Why?"]);
    const fault: unknown = JSON.parse(stdout);
    expect(fault).toMatchObject({
      fault: { code: "downstream_failure", reason: "max_turns" },
      retryable: false,
    });
    expect(code).toBe(1);
  });

  test("is 1 when no place in the queue is left, which is told in both forms", async () => {
    await using here = shell({
      program: "hangs-silently",
      environment: { PHONE_OPUS_MAX_RUNNING: "1", PHONE_OPUS_MAX_QUEUED: "0" },
    });
    await runningConsult(here, "How long?");
    const stderr =
      "phone-opus: The queue is full (0 consults wait already): try again when some are over; see consult_list or `phone-opus ps`.\n";
    expect(await here.run(["consult", "Why?"])).toEqual({
      code: 1,
      stdout: "",
      stderr,
    });
    const told = await here.run(["consult", "--json", "Why?"]);
    expect([told.code, told.stderr]).toEqual([1, stderr]);
    expect(faultRecordSchema.parse(JSON.parse(told.stdout))).toMatchObject({
      fault: { code: "queue_full" },
      retryable: true,
    });
  });
});
