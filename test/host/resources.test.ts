// Answers as resources: which addresses there are, how long answers are cut into pages,
// and what is said of the others.

import { describe, expect, test } from "bun:test";
import {
  listResources,
  pageChars,
  readResource,
} from "../../src/host/resources.ts";
import { faultRecord } from "../../src/base/fault.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { writeOutcome } from "./outcomes.ts";
import { newId, record, scene } from "../consult/scene.ts";

const uriOf = (id: string, query = "") => `phone-opus://consult/${id}${query}`;

describe("an answer", () => {
  test.each(["", "?page=1", "?page=01"])(
    "has the address %p",
    async (query) => {
      await using place = scene();
      const id = writeOutcome(place, "Because.");
      expect(readResource(uriOf(id, query), place.consults)).toEqual({
        ok: true,
        text: "Because.",
        page: 1,
        pages: 1,
      });
    },
  );

  test.each([
    [0, 1],
    [pageChars - 1, 1],
    [pageChars, 1],
    [pageChars + 1, 2],
    [pageChars * 3, 3],
  ])("of %d characters has %d pages", async (length, pages) => {
    await using place = scene();
    const text = "0123456789".repeat(length / 10 + 1).slice(0, length);
    const id = writeOutcome(place, text);
    let whole = "";
    for (let page = 1; page <= pages; page += 1) {
      const read = readResource(uriOf(id, `?page=${page}`), place.consults);
      expect(read).toMatchObject({ ok: true, page, pages });
      if (read.ok) whole += read.text;
    }
    expect(whole).toBe(text);
    expect(
      readResource(uriOf(id, `?page=${pages + 1}`), place.consults),
    ).toEqual({ ok: false, problem: `Consult ${id} has ${pages} pages only.` });
  });

  test("is never cut in the middle of a character", async () => {
    await using place = scene();
    const text = `x${"😀".repeat(pageChars)}`;
    const id = writeOutcome(place, text);
    const first = readResource(uriOf(id), place.consults);
    if (!first.ok) throw new Error(first.problem);
    let whole = "";
    for (let page = 1; page <= first.pages; page += 1) {
      const read = readResource(uriOf(id, `?page=${page}`), place.consults);
      if (!read.ok) throw new Error(read.problem);
      expect(read.text.isWellFormed()).toBe(true);
      whole += read.text;
    }
    expect(whole === text).toBe(true);
  });
});

test.each([
  ["tree_changed", "The answer:\nIt is 42."],
  ["timeout", "Written so far:\nIt is 42."],
] as const)("%s carries what was paid for", async (code, written) => {
  await using place = scene();
  const { id } = place.spool();
  const fault = faultRecord({
    code,
    stage: "claude",
    operation: "tools/call:consult",
    detail: "Look.",
  });
  spoolAt(place.consults, id).recordOutcome({
    status: "failed",
    fault: { ...fault, partial_response: "It is 42." },
  });
  expect(readResource(uriOf(id), place.consults)).toMatchObject({
    text: `Look.\n\n${written}`,
  });
});

test("a consult that failed reads as the sentence of its fault", async () => {
  await using place = scene();
  const id = writeOutcome(place, undefined);
  expect(readResource(uriOf(id), place.consults)).toMatchObject({
    ok: true,
    text: "Not logged in.",
  });
});

describe("there is no resource", () => {
  const id = newId();
  test.each([
    "",
    "file:///etc/passwd",
    `phone-opus://other/${id}`,
    `phone-opus:/consult/${id}`,
    uriOf(""),
    uriOf("../../etc"),
    uriOf(`${id}x`),
    uriOf(`${id}/page`),
    uriOf(id, "?page=0"),
    uriOf(id, "?page=-1"),
    uriOf(id, "?page=1.5"),
    uriOf(id, "?page=two"),
    uriOf(id, "?page="),
  ])("%p, and it says which form there is", (uri) => {
    expect(readResource(uri, "/nowhere")).toEqual({
      ok: false,
      problem: `There is no resource ${uri}: its form is phone-opus://consult/{id}{?page}.`,
    });
  });

  test("of a consult that is unknown or not over", async () => {
    await using place = scene();
    for (const each of [newId(), place.spool().id]) {
      expect(readResource(uriOf(each), place.consults)).toEqual({
        ok: false,
        problem: `Consult ${each} has no answer: it is running, or no longer kept.`,
      });
    }
  });
});

describe("the list", () => {
  test("has the finished ones, newest first", async () => {
    await using place = scene();
    const [old, middle, young, running] = [1, 2, 3, 4].map((ms) => newId(ms));
    const ledger = openLedger(place.ledger);
    for (const [id, status, at] of [
      [middle, "done", 2],
      [old, "done", 1],
      [young, "done", 3],
      [running, "running", 4],
      [newId(5), "failed", 5],
    ] as const) {
      if (id === undefined) continue;
      const created_unix_ms = at;
      ledger.add(record({ consult_id: id, status, created_unix_ms }));
    }
    ledger.close();
    const listed = listResources(place.ledger, () => {});
    expect<(string | undefined)[]>(listed.map(({ name }) => name)).toEqual([
      young,
      middle,
      old,
    ]);
    expect(listed[0]).toEqual({
      uri: uriOf(String(young)),
      name: String(young),
      title: "Why?",
      mimeType: "text/markdown",
    });
  });

  test("has what was answered a moment ago, before its row says so", async () => {
    await using place = scene();
    const ledger = openLedger(place.ledger);
    const id = writeOutcome(place, "Because.");
    ledger.add(record({ consult_id: id, status: "running" }));
    ledger.close();
    const listed = listResources(place.ledger, () => {});
    expect(listed.map(({ uri }) => uri)).toEqual([uriOf(id)]);
  });

  test("has titles that are whole characters", async () => {
    await using place = scene();
    const ledger = openLedger(place.ledger);
    ledger.add(record({ status: "done", prompt: `x${"😀".repeat(100)}` }));
    ledger.close();
    const [entry] = listResources(place.ledger, () => {});
    expect(entry?.title.isWellFormed()).toBe(true);
  });

  test("is empty where the ledger cannot be read, and says so", async () => {
    await using place = scene();
    const logged: string[] = [];
    const ledger = { ...place.ledger, path: place.consults };
    expect(listResources(ledger, (line) => logged.push(line))).toEqual([]);
    expect(logged.join()).toContain("the ledger cannot be read");
  });
});
