// One row of the ledger: what makes two requests the same, and what the end of a run
// changes.

import { describe, expect, test } from "bun:test";
import { consultIdSchema } from "../../src/base/ids.ts";
import {
  consultRecordSchema,
  createdUnixMsOf,
  digestRequest,
  outcomeFields,
  queuedRecord,
} from "../../src/consult/record.ts";
import type { ConsultRequest } from "../../src/consult/request.ts";
import { done, failed, newId, request } from "./scene.ts";

const id = consultIdSchema.parse(`c_${"1".repeat(32)}`);

const everything: ConsultRequest = {
  prompt: "Why?",
  cwd: "/srv/shop",
  max_turns: 3,
  model: "opus",
  effort: "high",
  resume: "0198c0de-0000-7000-8000-00000000cafe",
  fork: true,
  timeout_s: 60,
  max_budget_usd: 1.5,
};

describe("the digest", () => {
  test("is the same for the same request, however it is written", () => {
    const reversed = Object.fromEntries(
      Object.entries(everything).toReversed(),
    );
    const unset = { model: undefined, max_turns: undefined };
    expect([
      digestRequest({ ...everything, ...reversed }),
      digestRequest(structuredClone(everything)),
    ]).toEqual([digestRequest(everything), digestRequest(everything)]);
    expect(digestRequest(Object.assign({}, unset, request))).toBe(
      digestRequest(request),
    );
  });

  const others: Required<ConsultRequest> = {
    prompt: "Why? ",
    cwd: "/srv",
    files: ["a.ts"],
    max_turns: 4,
    model: "Opus",
    effort: "max",
    resume: "0198c0de-0000-7000-8000-00000000caff",
    fork: false,
    timeout_s: 60.5,
    max_budget_usd: 1.6,
    web: false,
  };

  test.each(Object.entries(others))(
    "is another for another %s",
    (name, value) => {
      expect(digestRequest({ ...everything, [name]: value })).not.toBe(
        digestRequest(everything),
      );
      expect(digestRequest({ ...request, [name]: value })).not.toBe(
        digestRequest(request),
      );
    },
  );

  test("does not mistake one field for another", () => {
    expect(digestRequest({ prompt: "a", cwd: "b" })).not.toBe(
      digestRequest({ prompt: "b", cwd: "a" }),
    );
    expect(digestRequest({ ...request, model: "high" })).not.toBe(
      digestRequest({ ...request, effort: "high" }),
    );
  });
});

test("a new row knows the request, and nothing of the run", () => {
  const row = queuedRecord(id, everything, 5);
  expect(row).toEqual({
    consult_id: id,
    parent_id: "0198c0de-0000-7000-8000-00000000cafe",
    status: "queued",
    cwd: "/srv/shop",
    prompt: "Why?",
    request_digest: digestRequest(everything),
    model: "opus",
    session_id: null,
    owner_pid: null,
    owner_start_time: null,
    pid: null,
    process_start_time: null,
    created_unix_ms: 5,
    started_unix_ms: null,
    ended_unix_ms: null,
    deadline_unix_ms: null,
    duration_ms: null,
    total_cost_usd: null,
    num_turns: null,
    fault: null,
    delivered: 0,
  });
  expect(consultRecordSchema.parse(row)).toEqual(row);
});

test("a row without options has null for them", () => {
  const { parent_id, model } = queuedRecord(id, request, 5);
  expect([parent_id, model]).toEqual([null, null]);
});

test("an answer leaves what it cost and where to go on", () => {
  expect(outcomeFields(done(id), 9)).toEqual({
    status: "done",
    ended_unix_ms: 9,
    model: "opus",
    session_id: "s",
    duration_ms: 1200.5,
    total_cost_usd: 0,
    num_turns: 2,
  });
});

test("a fault is kept whole, with the session that it names", () => {
  const outcome = failed(id);
  if (outcome.status === "done") throw new Error("it did not fail");
  const fields = outcomeFields(outcome, 9);
  expect(fields).toEqual({
    status: "failed",
    ended_unix_ms: 9,
    session_id: null,
    fault: JSON.stringify(outcome.fault),
  });
  const named = { ...outcome.fault, session_id: "s" };
  expect(outcomeFields({ status: "cancelled", fault: named }, 9)).toEqual({
    status: "cancelled",
    ended_unix_ms: 9,
    session_id: "s",
    fault: JSON.stringify(named),
  });
});

test("an id tells when it was made", () => {
  for (const unixMs of [0, 1, 1_700_000_000_123, 2 ** 48 - 1]) {
    expect(createdUnixMsOf(newId(unixMs))).toBe(unixMs);
  }
});
