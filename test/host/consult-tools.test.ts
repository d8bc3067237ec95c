// The tools around consults: for how long they wait, what counts as their end, and what
// they say of consults that are running, over or unknown.

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cancelReason } from "../../src/consult/custody.ts";
import { newId } from "../consult/scene.ts";
import { writeOutcome } from "./outcomes.ts";
import { json, startTools, text, textOf } from "./tooling.ts";

describe("consult", () => {
  test.each([
    ["what it says", "patient", { wait_s: 2 }, 2000],
    ["what its client bears", "hasty", {}, 1000],
    [
      "what it says rather than what its client bears",
      "hasty",
      { wait_s: 3 },
      3000,
    ],
  ])("waits for %s", async (_, clientName, wait, ms) => {
    await using place = startTools();
    const question = { prompt: "Why?", ...wait };
    const result = place.tools.consult(place.call({ clientName }), {
      ...question,
      ...json,
    });
    const attempt = await place.attempt(1);
    attempt.accept();
    attempt.call.onProgress({
      elapsed_ms: 1,
      message: "turn 1",
      queue_position: 0,
    });
    place.clock.advance(ms);
    const { consultId } = attempt.call;
    expect(await result).toMatchObject({
      isError: false,
      structuredContent: {
        status: "running",
        consult_id: consultId,
        elapsed_ms: ms,
        progress: "turn 1",
        next: "consult_wait",
      },
    });
    expect(place.concluded).toEqual([]);
    attempt.answer();
  });

  test("that is still running says in porcelain how to go on", async () => {
    await using place = startTools();
    const question = { prompt: "Why?", wait_s: 1 };
    const result = place.tools.consult(place.call(), { ...question, ...text });
    const attempt = await place.attempt(1);
    attempt.accept();
    place.clock.advance(1000);
    const { consultId } = attempt.call;
    expect(await result).toEqual({
      content: [
        {
          type: "text",
          text: [
            `consult running id=${consultId} elapsed=1.000s`,
            "progress: starting",
            `next: call consult_wait with consult_id ${consultId}; the consult goes on meanwhile, and consult_cancel ends it`,
          ].join("\n"),
        },
      ],
      isError: false,
    });
    attempt.answer();
  });

  test("that was answered is concluded under the run's own id", async () => {
    await using place = startTools();
    const question = { prompt: "Why?", ...text };
    const result = place.tools.consult(place.call(), question);
    const other = newId();
    const attempt = await place.attempt(1);
    attempt.accept(other, true);
    attempt.answer(other);
    expect(textOf(await result)).toContain(
      `attached: to ${other}, the same request asked before`,
    );
    expect(place.concluded).toEqual([`9 ${other}`]);
  });

  test("whose client's time limit was reached is not concluded by its end", async () => {
    await using place = startTools();
    const abort = new AbortController();
    const result = place.tools.consult(place.call({ signal: abort.signal }), {
      prompt: "Why?",
      ...text,
    });
    const attempt = await place.attempt(1);
    attempt.accept();
    abort.abort("request timeout");
    attempt.answer();
    await result;
    // Nobody gets this result: its request is cancelled, and its id may be used again.
    expect(place.concluded).toEqual([]);
  });
});

describe("consult_wait", () => {
  test("attaches to the consult, and concludes it", async () => {
    await using place = startTools();
    const { id } = place.place.spool();
    const args = { consult_id: id, ...text };
    const result = place.tools.wait(place.call(), args);
    const attempt = await place.attempt(1);
    expect(attempt.call).toMatchObject({
      kind: "attach",
      consultId: id,
      arguments: {},
    });
    attempt.accept(id, true);
    attempt.answer();
    expect(textOf(await result)).toEndWith("response:\n42");
    expect(textOf(await result)).not.toContain("attached");
    expect(place.concluded).toEqual([`9 ${id}`]);
  });
});

describe("consult_cancel", () => {
  test("asks for the end of a run that nobody drives yet", async () => {
    await using place = startTools();
    const { id, directory } = place.place.spool();
    const args = { consult_id: id, ...text };
    const result = place.tools.cancel(place.call(), args);
    const attempt = await place.attempt(1);
    const reason = cancelReason(directory);
    attempt.accept(id, true);
    attempt.answer();
    await result;
    expect(reason).toBe("The consult was cancelled on request.");
  });

  test("that cannot be noted is a fault that says so", async () => {
    await using place = startTools();
    const { id, directory } = place.place.spool();
    // Where the note would be written first there is no room for it.
    mkdirSync(join(directory, `cancel.json.${process.pid}.tmp`));
    const args = { consult_id: id, ...text };
    const result = await place.tools.cancel(place.call(), args);
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { fault: { code: "process_failure" } },
    });
    expect(textOf(result)).toContain(`cannot be noted in ${directory} (`);
    expect(place.attempts()).toBe(0);
  });

  test("of one that is over changes nothing and gives its answer", async () => {
    await using place = startTools();
    const id = writeOutcome(place.place, "Because.");
    const args = { consult_id: id, ...text };
    const result = place.tools.cancel(place.call(), args);
    const attempt = await place.attempt(1);
    attempt.accept(id, true);
    attempt.answer();
    expect(textOf(await result)).toEndWith("42");
    expect(cancelReason(`${place.place.consults}/${id}`)).toBeUndefined();
  });

  test("of an unknown one says so without a worker", async () => {
    await using place = startTools();
    const id = newId();
    const args = { consult_id: id, ...text };
    expect(await place.tools.cancel(place.call(), args)).toMatchObject({
      isError: true,
      structuredContent: {
        fault: {
          code: "invalid_input",
          detail: `There is no consult ${id}: see consult_list for those that are kept.`,
        },
      },
    });
    expect(place.attempts()).toBe(0);
  });
});
