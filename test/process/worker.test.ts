// The worker as a process, from source and compiled: what it answers, in the order in
// which runs end, and what it says of lines that are no messages.

import { describe, expect, test } from "bun:test";
import { version } from "../../package.json";
import { compiled, fromSource } from "./piped.ts";
import { createSandbox } from "./sandbox.ts";
import { consultId, startWorker } from "./worker.ts";

const answer = "The answer is 42.";

describe.each([
  { way: "from source", command: fromSource, built: "0.0.0-source" },
  { way: "compiled", command: compiled, built: version },
])("a worker $way", ({ command, built }) => {
  test("says hello first, with protocol, version, generation and pid", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers"),
    );
    await worker.hello();
    expect<unknown>(worker.messages()).toEqual([
      {
        kind: "hello",
        protocol: 1,
        version: built,
        generation: 1,
        pid: worker.piped.pid,
      },
    ]);
  });

  test("hello comes first even when work lies ready before it starts", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers"),
    );
    await worker.execute(1, { prompt: "Why?" });
    expect(await worker.response(1)).toBe(answer);
    expect(worker.messages()[0]?.kind).toBe("hello");
  });

  test("runs twenty operations at once and answers each once, under its id", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("echoes-prompt"),
    );
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const id of ids) await worker.execute(id, { prompt: `number ${id}` });
    const responses = await Promise.all(ids.map((id) => worker.response(id)));
    expect(responses).toEqual(ids.map((id) => `number ${id}`));
    const answers = worker.messages().filter(({ kind }) => kind === "answer");
    expect(answers).toHaveLength(20);
    expect(await sandbox.starts()).toHaveLength(20);
  });

  test("survives every kind of bad line and says what was wrong with it", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers"),
    );
    const execute = {
      kind: "execute",
      id: 1,
      operation: "consult",
      consult_id: consultId(),
      owner: { pid: 7, start_time: "1" },
      arguments: {},
    };
    const badLines: [string | Uint8Array, string][] = [
      ["garbage\n", "line is not JSON"],
      ['{"kind":"exec\n', "line is not JSON"],
      [new Uint8Array([0x22, 0xff, 0xfe, 0x22, 0x0a]), "is not UTF-8"],
      ['{"kind":"dance","id":1}\n', "message is invalid: kind"],
      ["[]\n", "message is invalid"],
      ["null\n", "message is invalid"],
      [`${JSON.stringify({ ...execute, id: 0 })}\n`, "invalid: id"],
      [`${JSON.stringify({ ...execute, id: 1.5 })}\n`, "invalid: id"],
      [`${JSON.stringify({ ...execute, operation: "x" })}\n`, "operation"],
      [`${JSON.stringify({ ...execute, consult_id: "../x" })}\n`, "consult_id"],
      [`${JSON.stringify({ ...execute, arguments: 7 })}\n`, "arguments"],
      [`${JSON.stringify({ ...execute, more: 7 })}\n`, "more"],
      [`${JSON.stringify({ ...execute, owner: 7 })}\n`, "owner"],
      [`${JSON.stringify({ ...execute, owner: undefined })}\n`, "owner"],
      ['{"kind":"delivered","consult_id":"x"}\n', "invalid: consult_id"],
      [`{"kind":"delivered","consult_id":"${consultId()}"}\n`, "owner"],
      ['{"kind":"end"}\n', "invalid: reason"],
    ];
    for (const [index, [line, complaint]] of badLines.entries()) {
      await worker.piped.write(line);
      expect(await worker.complaint(index + 1)).toContain(complaint);
    }
    await worker.execute(1, { prompt: "Why?" });
    expect(await worker.response(1)).toBe(answer);
  });

  test("reports a line beyond the limit and reads on behind it", async () => {
    await using sandbox = await createSandbox();
    await using worker = startWorker(
      sandbox,
      command,
      sandbox.environment("answers", { PHONE_OPUS_MAX_LINE_BYTES: "16384" }),
    );
    await worker.hello();
    const megabyte = "x".repeat(1 << 20);
    for (let count = 0; count < 40; count += 1) {
      await worker.piped.write(megabyte);
    }
    await worker.piped.write("\n");
    expect(await worker.complaint(1)).toBe(
      `line of ${40 << 20} bytes is too long`,
    );
    await worker.execute(1, { prompt: "Why?" });
    expect(await worker.response(1)).toBe(answer);
  });

  test.each([
    [[]],
    [["--generation"]],
    [["--generation", "0"]],
    [["--generation", "1.5"]],
    [["--generation", "one"]],
    [["--generation", "1", "2"]],
    [["--generations", "1"]],
    [["extra", "words"]],
  ])("refuses the arguments %j with exit code 2", async (words) => {
    await using sandbox = await createSandbox();
    const child = Bun.spawn([...command, "mcp", "worker", ...words], {
      cwd: sandbox.project,
      env: sandbox.environment("answers"),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await child.stdout.text()).toBe("");
    expect(await child.stderr.text()).not.toBe("");
    expect(await child.exited).toBe(2);
  });
});
