// The worker inside the test, on memory and a spawn that the test decides: framing of
// its input, and faults that are its own.

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { firstGeneration } from "../../src/base/ids.ts";
import type { ConsultPorts } from "../../src/claude/ports.ts";
import { answerFrom } from "../../src/consult/answer.ts";
import { createSpool } from "../../src/consult/spool.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { createLineOutput } from "../../src/sys/output.ts";
import { createWorker, parseWorkerArguments } from "../../src/worker/worker.ts";
import { fullReply } from "../consult/samples.ts";
import { done, newId, request } from "../consult/scene.ts";
import { tempDir, type TempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";
import { memoryOutput } from "../host/memory-output.ts";
import { consultId } from "../process/worker.ts";

type StartRunner = ConsultPorts["startRunner"];

function start(
  place: TempDir,
  startRunner: StartRunner,
  output = memoryOutput(),
) {
  mkdirSync(place.at("consults"));
  const pressure: boolean[] = [];
  const worker = createWorker({
    generation: firstGeneration,
    keepsHistory: true,
    output,
    onPressure: (isHigh) => pressure.push(isHigh),
    consults: {
      clock: systemClock,
      maxLineBytes: 10_000,
      rules: { baseDirectory: place.path, allowedRoots: undefined },
      admission: {
        queue: () => ({
          hasCome: () => true,
          position: () => 0,
          leave: () => {},
        }),
      },
      acceptance: {
        ledger: {
          path: place.at("ledger.sqlite"),
          consultsDirectory: place.at("consults"),
        },
        clock: systemClock,
        maxRunning: 8,
        maxQueued: 64,
        log: () => {},
      },
      startRunner,
    },
  });
  const receive = (bytes: string | Uint8Array) =>
    worker.receive(Buffer.from(bytes));
  const answered = async () => {
    await until("the answer is there", () =>
      output.lines.some((line) => line.includes('"answer"')),
    );
    return output.messages().at(-1);
  };
  return { worker, output, pressure, receive, answered };
}

function execute(question: Record<string, unknown>) {
  const message = {
    kind: "execute",
    id: 1,
    operation: "consult",
    consult_id: consultId(),
    arguments: question,
    owner: { pid: 7, start_time: "1" },
  };
  return `${JSON.stringify(message)}\n`;
}

const anyId = /c_[0-9a-f]+/;

const failing: StartRunner = () => ({
  ok: false,
  code: "EAGAIN",
  reason: "EAGAIN: no more processes",
});

/** A runner that lives and never tells how its run goes. */
const silent: StartRunner = () => ({
  ok: true,
  process: { pid: 2 ** 30, exited: new Promise(() => {}) },
});

function fault(code: string) {
  return {
    kind: "answer",
    id: 1,
    outcome: { status: "fault", fault: { fault: { code, generation: 1 } } },
  };
}

describe("a worker", () => {
  test("says hello before it is given anything", async () => {
    await using place = tempDir();
    const { output } = start(place, failing);
    expect(output.messages()).toMatchObject([
      { kind: "hello", protocol: 1, generation: 1, pid: process.pid },
    ]);
  });

  test("is under pressure while its host does not take what it is owed", async () => {
    await using place = tempDir();
    const host = Promise.withResolvers<number>();
    const sink = { write: () => 0, flush: () => host.promise };
    const output = { ...memoryOutput(), ...createLineOutput(sink, () => {}) };
    const { receive, pressure } = start(place, failing, output);
    receive("garbage\n".repeat(100));
    expect(pressure).toEqual([]);
    receive("garbage\n".repeat(20_000));
    expect(pressure).toEqual([true]);
    host.resolve(0);
    await output.flushed();
    expect(pressure).toEqual([true, false]);
  });

  test("reads lines one byte at a time, with CR LF and blanks between", async () => {
    await using place = tempDir();
    const { receive, answered, output } = start(place, failing);
    const line = execute({ prompt: "Wörüm 😀?" }).replace("\n", "\r\n\r\n  \n");
    for (const byte of Buffer.from(line)) receive(new Uint8Array([byte]));
    expect(await answered()).toMatchObject(fault("process_failure"));
    expect(JSON.stringify(output.messages())).not.toContain("complaint");
  });

  test.each([
    [{}, "prompt"],
    [{ prompt: " " }, "prompt must not be blank"],
    [{ prompt: "?", render: "json" }, "render"],
    [{ prompt: "?", cwd: "no/such" }, "does not exist"],
    [{ prompt: "?", fork: true }, "fork needs resume"],
  ])("answers the arguments %j as invalid", async (question, says) => {
    await using place = tempDir();
    const { receive, answered } = start(place, failing);
    receive(execute(question));
    const answer = await answered();
    expect(answer).toMatchObject(fault("invalid_input"));
    expect(JSON.stringify(answer)).toContain(says);
  });

  test("says why the runner could not be started", async () => {
    await using place = tempDir();
    const { receive, answered } = start(place, failing);
    receive(execute({ prompt: "Why?" }));
    const answer = await answered();
    expect(answer).toMatchObject(fault("process_failure"));
    expect(JSON.stringify(answer)).toContain("EAGAIN");
  });

  test("answers a defect of its own as an internal failure and lives on", async () => {
    await using place = tempDir();
    const { receive, answered, output } = start(place, () => {
      throw new Error("a broken invariant");
    });
    receive(execute({ prompt: "Why?" }));
    const answer = await answered();
    expect(answer).toMatchObject(fault("internal_failure"));
    expect(JSON.stringify(answer)).toContain("a broken invariant");
    receive("garbage\n");
    expect(output.messages().at(-1)).toMatchObject({ kind: "complaint" });
  });

  test("goes on with a run that was accepted, though its directory is gone", async () => {
    await using place = tempDir();
    const { receive, answered } = start(place, silent);
    const id = newId();
    const spool = createSpool(place.at("consults"), id, request);
    spool.recordOutcome(done(id));
    const question = { prompt: request.prompt, cwd: place.at("gone") };
    receive(execute(question).replace(anyId, id));
    expect(await answered()).toMatchObject({
      outcome: { status: "success", result: { consult_id: id } },
    });
  });

  test("says that it cannot wait for a run on a full disk", async () => {
    await using place = tempDir();
    const { receive, answered } = start(place, failing);
    const id = newId();
    const { directory } = createSpool(place.at("consults"), id, request);
    // Where the owner's note would be written first there is no room for it.
    mkdirSync(join(directory, `owner.7.json.${process.pid}.tmp`));
    receive(execute({}).replace('"consult",', '"attach",').replace(anyId, id));
    const answer = await answered();
    expect(answer).toMatchObject(fault("process_failure"));
    expect(JSON.stringify(answer)).toContain(`cannot be noted in ${directory}`);
  });

  test("answers too long a line with where the answer is kept", async () => {
    await using place = tempDir();
    const { receive, answered, output } = start(place, (id, spool) => {
      const answer = answerFrom(id, request, fullReply);
      const response = "ü".repeat(5000);
      spool.recordOutcome({ status: "done", answer: { ...answer, response } });
      return silent(id, spool);
    });
    receive(execute({ prompt: "Why?" }));
    const answer = await answered();
    expect(answer).toMatchObject(fault("invalid_input"));
    const [id] = readdirSync(place.at("consults"));
    expect(JSON.stringify(answer)).toContain(`phone-opus://consult/${id}`);
    // Nobody may take it for delivered.
    expect(JSON.stringify(answer)).not.toContain('"consult_id"');
    const sizes = output.lines.map((line) => Buffer.byteLength(line));
    expect(Math.max(...sizes)).toBeLessThan(10_000);
  });

  test("takes a last line without its end, and is over when all is answered", async () => {
    await using place = tempDir();
    const { worker, receive, output } = start(place, failing);
    receive(execute({ prompt: "Why?" }));
    receive(JSON.stringify({ kind: "end", reason: "over" }));
    expect(output.messages()).toHaveLength(1);
    await worker.end();
    expect(output.messages().at(-1)).toMatchObject({ kind: "answer", id: 1 });
  });

  test("without a farewell is over at once, and leaves its runs alone", async () => {
    await using place = tempDir();
    const { worker, receive, output } = start(place, silent);
    receive(execute({ prompt: "Why?" }));
    await until("it is accepted", () => output.lines.length === 2);
    await worker.end();
    expect(output.messages()).toMatchObject([
      { kind: "hello" },
      { kind: "accepted", id: 1, is_attached: false },
    ]);
    expect([
      ...new Bun.Glob("*/cancel.json").scanSync(place.at("consults")),
    ]).toEqual([]);
  });
});

test.each([
  [["--generation", "1"], 1],
  [["--generation", "12"], 12],
  [["--generation", "0"], undefined],
  [["--generation", "-1"], undefined],
  [["--generation", "1.5"], undefined],
  [["--generation", ""], undefined],
  [["--generation", "x"], undefined],
  [["--generation"], undefined],
  [["1", "--generation"], undefined],
  [[], undefined],
])("the words %j name generation %p", (words, generation) => {
  expect<number | undefined>(parseWorkerArguments(words)).toBe(generation);
});
