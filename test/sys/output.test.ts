// Standard output as whole lines in order, and what happens when the reader is gone.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { type ByteSink, createLineOutput } from "../../src/sys/output.ts";

interface SlowSink extends ByteSink {
  readonly log: string[];
  /** Lets the oldest flush that waits end. */
  release(): void;
}

function slowSink(): SlowSink {
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  return {
    log,
    write: (text) => log.push(text),
    flush: () => {
      log.push("flush");
      const flushed = Promise.withResolvers<number>();
      waiting.push(() => flushed.resolve(0));
      return flushed.promise;
    },
    release: () => waiting.shift()?.(),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("each line is flushed before the next begins", async () => {
  const sink = slowSink();
  const output = createLineOutput(sink, () => {});
  const written = [output.writeLine("one"), output.writeLine("two")];
  await turn();
  expect(sink.log).toEqual(["one\n", "flush"]);
  sink.release();
  expect(await written[0]).toBe(true);
  await turn();
  expect(sink.log).toEqual(["one\n", "flush", "two\n", "flush"]);
  sink.release();
  expect(await Promise.all(written)).toEqual([true, true]);
});

test("flushed waits for every line so far", async () => {
  const sink = slowSink();
  const output = createLineOutput(sink, () => {});
  void output.writeLine("one");
  const flushed = output.flushed().then(() => sink.log.push("flushed"));
  await turn();
  expect(sink.log).toEqual(["one\n", "flush"]);
  sink.release();
  await flushed;
  expect(sink.log).toEqual(["one\n", "flush", "flushed"]);
});

test("flushed resolves at once when nothing is owed", async () => {
  await createLineOutput(slowSink(), () => {}).flushed();
});

test("a thousand lines at once come out whole and in order", async () => {
  const sink: ByteSink & { text: string } = {
    text: "",
    write: (text) => {
      sink.text += text;
      return text.length;
    },
    flush: () => Promise.resolve(0),
  };
  const output = createLineOutput(sink, () => {});
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
  const written = await Promise.all(
    lines.map((line) => output.writeLine(line)),
  );
  expect(new Set(written)).toEqual(new Set([true]));
  expect(sink.text).toBe(`${lines.join("\n")}\n`);
});

const broken: Readonly<Record<string, ByteSink>> = {
  "whose write throws": {
    write: () => {
      throw new Error("EPIPE");
    },
    flush: () => 0,
  },
  "whose flush throws": {
    write: () => 0,
    flush: () => {
      throw new Error("EPIPE");
    },
  },
  "whose flush rejects": {
    write: () => 0,
    flush: () => Promise.reject(new Error("EPIPE")),
  },
  "whose write rejects": {
    write: () => Promise.reject(new Error("EPIPE")),
    flush: () => 0,
  },
};

for (const [which, sink] of Object.entries(broken)) {
  test(`a sink ${which} is reported once, and no line counts as written`, async () => {
    let reports = 0;
    const output = createLineOutput(sink, () => {
      reports += 1;
    });
    expect(await output.writeLine("one")).toBe(false);
    expect(
      await Promise.all([output.writeLine("two"), output.writeLine("three")]),
    ).toEqual([false, false]);
    await output.flushed();
    expect(reports).toBe(1);
  });
}

test("a reader that goes away is reported once, without a crash", async () => {
  const fixture = join(import.meta.dir, "writes-lines-fixture.ts");
  await using child = Bun.spawn([process.execPath, fixture], {
    stdin: "ignore",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  const first = await reader.read();
  expect(Buffer.from(first.value ?? []).subarray(0, 6)).toEqual(
    Buffer.from("line 0"),
  );
  await reader.cancel();
  expect(await child.stderr.text()).toBe(
    "broken\nlast line: false, one more: false\n",
  );
  expect(await child.exited).toBe(0);
});

test("a line is owed until it is flushed, not just written", async () => {
  const sink = slowSink();
  const output = createLineOutput(sink, () => {});
  expect(output.owed()).toBe(0);
  const first = output.writeLine("four");
  const second = output.writeLine("twelve chars");
  expect(output.owed()).toBe(16);
  await turn();
  expect(sink.log).toEqual(["four\n", "flush"]);
  expect(output.owed()).toBe(16);
  sink.release();
  await first;
  expect(output.owed()).toBe(12);
  await turn();
  sink.release();
  await second;
  expect(output.owed()).toBe(0);
});

test("nothing is owed to a reader that is gone", async () => {
  const output = createLineOutput(
    {
      write: () => 0,
      flush: () => Promise.reject(new Error("EPIPE")),
    },
    () => {},
  );
  const written = [output.writeLine("one"), output.writeLine("two")];
  expect(output.owed()).toBe(6);
  expect(await Promise.all(written)).toEqual([false, false]);
  expect(output.owed()).toBe(0);
});
