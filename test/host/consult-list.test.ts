// The tool `consult_list`: order, limit, and rows that are behind the truth.

import { createFakeClock } from "../helpers/clock.ts";
import { createInvocations } from "../../src/host/invocations.ts";
import { describe, expect, test } from "bun:test";
import { openLedger } from "../../src/consult/ledger.ts";
import { createConsultTools } from "../../src/host/consult-tools.ts";
import { newId, record, self } from "../consult/scene.ts";
import { json, startTools, text, textOf } from "./tooling.ts";

describe("consult_list", () => {
  const defaults = { limit: 20, running_only: false };

  test("has nothing at first, newest first later, the lost called lost", async () => {
    await using place = startTools();
    expect(textOf(place.tools.list({ ...defaults, ...text }))).toBe(
      "no consults",
    );
    const [old, young] = [newId(1), newId(2)];
    const running = place.place.spool(newId(3));
    await Bun.write(`${running.directory}/runner.1.json`, JSON.stringify(self));
    const ledger = openLedger(place.place.ledger);
    for (const [id, status, at] of [
      [old, "running", 1],
      [young, "done", 2],
      [running.id, "running", 3],
    ] as const) {
      const created_unix_ms = at;
      ledger.add(record({ consult_id: id, status, created_unix_ms }));
    }
    ledger.close();
    const all = place.tools.list({ ...defaults, ...json });
    expect(all.structuredContent).toMatchObject({
      consults: [
        { consult_id: running.id, status: "running", prompt_head: "Why?" },
        { consult_id: young, status: "done" },
        { consult_id: old, status: "lost" },
      ],
    });
    const lines = textOf(place.tools.list({ ...defaults, ...text }));
    expect(lines.split("\n")).toEqual([
      `running ${running.id} /srv/shop "Why?"`,
      `done ${young} /srv/shop "Why?"`,
      `lost ${old} /srv/shop "Why?"`,
    ]);
    const few = place.tools.list({ ...defaults, limit: 1, ...text });
    expect(textOf(few).split("\n")).toHaveLength(1);
    const now = place.tools.list({ ...defaults, running_only: true, ...text });
    expect(textOf(now)).toBe(`running ${running.id} /srv/shop "Why?"`);
  });

  test("running_only finds what runs behind any number of lost ones", async () => {
    await using place = startTools();
    const running = place.place.spool(newId(1));
    await Bun.write(`${running.directory}/runner.1.json`, JSON.stringify(self));
    const ledger = openLedger(place.place.ledger);
    const status = "running" as const;
    const created_unix_ms = 1;
    ledger.add(record({ consult_id: running.id, status, created_unix_ms }));
    for (const at of [2, 3]) {
      const id = newId(at);
      ledger.add(record({ consult_id: id, status, created_unix_ms: at }));
    }
    ledger.close();
    const args = { limit: 1, running_only: true, ...text };
    expect(textOf(place.tools.list(args))).toContain(running.id);
  });

  test("that cannot be read is a fault that names the reason", async () => {
    await using place = startTools();
    await Bun.write(place.place.ledger.path, "");
    const tools = createConsultTools({
      consults: place.consults,
      ledger: { ...place.place.ledger, path: place.place.consults },
      invocations: createInvocations({
        newConsultId: newId,
        clock: createFakeClock(),
      }),
      waitMs: () => Infinity,
      onConcluded: () => {},
    });
    expect(tools.list({ ...defaults, ...text })).toMatchObject({
      isError: true,
      structuredContent: { fault: { code: "process_failure" } },
    });
  });
});
