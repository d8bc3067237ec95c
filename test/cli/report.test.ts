// What goes to which stream, and where colour and progress are allowed.

import { describe, expect, test } from "bun:test";
import { createReport, mayColour } from "../../src/cli/report.ts";
import type { Environment } from "../../src/sys/settings.ts";

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

function reporting(
  terminal: Terminal,
  given: { environment?: Environment; isQuiet?: boolean } = {},
) {
  const answers: string[] = [];
  let written = "";
  const replaced = new Map<string | symbol, unknown>([
    ["isTTY", terminal.isTTY ?? false],
    ["columns", terminal.columns ?? 80],
    ["write", (text: string) => (written += text)],
  ]);
  const stderr = new Proxy(process.stderr, {
    get: (target, name): unknown =>
      replaced.has(name) ? replaced.get(name) : Reflect.get(target, name),
  });
  const report = createReport({
    output: {
      writeLine: (line) => {
        answers.push(line);
        return Promise.resolve(true);
      },
      flushed: () => Promise.resolve(),
      owed: () => 0,
    },
    stderr,
    environment: given.environment ?? {},
    isQuiet: given.isQuiet ?? false,
  });
  return {
    report,
    answers,
    stderr: () => written,
  };
}

const red = "\u001B[31m";
const clear = "\r\u001B[K";

describe("off a terminal", () => {
  test("answers go to stdout, all else to stderr, without a control character", async () => {
    const { report, answers, stderr } = reporting({});
    report.progress("turn 1: thinking");
    expect(await report.answer("42")).toBe(true);
    report.info("1 turn");
    report.error("It failed.");
    expect(answers).toEqual(["42"]);
    expect(stderr()).toBe("1 turn\nphone-opus: It failed.\n");
  });

  test.each([
    ["42", "42"],
    ["42\n", "42"],
    ["42\n\n", "42\n"],
    ["", ""],
    ["\n", ""],
  ])(
    "the answer %j ends with one line feed of ours at most",
    async (text, line) => {
      const { report, answers } = reporting({});
      await report.answer(text);
      expect(answers).toEqual([line]);
    },
  );
});

describe("on a terminal", () => {
  test("progress is one line, replaced, and gone before anything else", () => {
    const { report, stderr } = reporting({ isTTY: true });
    report.progress("one");
    report.progress("two");
    report.info("1 turn");
    report.error("It failed.");
    expect(stderr()).toBe(
      `${clear}one${clear}two${clear}1 turn\n${red}phone-opus: \u001B[39mIt failed.\n`,
    );
  });

  test("progress is cut to the width", () => {
    const { report, stderr } = reporting({ isTTY: true, columns: 30 });
    report.progress("x".repeat(100));
    expect(stderr()).toBe(`${clear}${"x".repeat(29)}`);
  });

  test("a name in it steers no terminal", () => {
    const { report, stderr } = reporting({ isTTY: true });
    report.progress("turn 1: Read \u001B[2J\u009b3Ja\nb\u0007.ts");
    expect(stderr()).toBe(`${clear}turn 1: Read  [2J 3Ja b .ts`);
  });

  test("NO_COLOR takes the colour away", () => {
    const environment = { NO_COLOR: "1" };
    const { report, stderr } = reporting({ isTTY: true }, { environment });
    report.error("It failed.");
    expect(stderr()).toBe("phone-opus: It failed.\n");
  });

  test("quiet leaves errors alone", () => {
    const { report, stderr } = reporting({ isTTY: true }, { isQuiet: true });
    report.progress("one");
    report.info("1 turn");
    report.error("It failed.");
    expect(stderr()).toBe(`${red}phone-opus: \u001B[39mIt failed.\n`);
  });
});

test.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { NO_COLOR: "" }, true],
  [{ isTTY: true }, { NO_COLOR: "0" }, false],
  [{ isTTY: true }, { TERM: "dumb" }, false],
  [{ isTTY: false }, {}, false],
  [{}, { FORCE_COLOR: "1" }, false],
])("a stream %j in %j may be coloured: %p", (stream, environment, may) => {
  expect(mayColour(stream, environment)).toBe(may);
});
