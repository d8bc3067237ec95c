// How fast a full ledger answers: `consult_list` and `phone-opus history` with 100,000
// consults, over the same with the few that the benchmark itself left.

import { join } from "node:path";
import { consultIdFromUuid } from "../../src/base/ids.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { outcomeFields, queuedRecord } from "../../src/consult/record.ts";
import { type Figure, figure } from "./figures.ts";
import { type Place, timed } from "./place.ts";

const consults = 100_000;

export async function measureLedger(
  place: Place,
  rounds: number,
): Promise<Figure[]> {
  await using session = await place.connect("answers");
  const list = () =>
    timed(async () => {
      const result = await session.client.callTool({ name: "consult_list" });
      if (result.isError === true) throw new Error("consult_list failed");
    });
  const history = () =>
    timed(async () => {
      const child = Bun.spawn([place.binary, "history"], {
        env: place.environment("answers"),
        stdout: "ignore",
        stderr: "ignore",
      });
      if ((await child.exited) !== 0) throw new Error("history failed");
    });
  const repeat = async (work: () => Promise<number>) => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await work());
    return times;
  };
  const few = { list: await repeat(list), history: await repeat(history) };
  fill(join(place.directory, "state/phone_opus"));
  const many = { list: await repeat(list), history: await repeat(history) };
  return [
    figure("consult_list, few consults", "ms", few.list),
    figure("consult_list, 100,000 consults", "ms", many.list),
    figure("history, few consults", "ms", few.history),
    figure("history, 100,000 consults", "ms", many.history),
  ];
}

/** Finished consults of the last weeks, as the product itself records them. */
function fill(state: string): void {
  const ledger = openLedger({
    path: join(state, "ledger.sqlite"),
    consultsDirectory: join(state, "consults"),
  });
  try {
    ledger.addAll(records());
  } finally {
    ledger.close();
  }
}

function* records() {
  for (let number = 0; number < consults; number += 1) {
    const createdMs = Date.now() - number * 20_000;
    const request = {
      prompt: `question ${number} `.repeat(20),
      cwd: "/project",
    };
    const id = consultIdFromUuid(Bun.randomUUIDv7("hex", createdMs));
    const answer = {
      response: "",
      consult_id: id,
      cwd: request.cwd,
      prompt: "",
      max_turns: null,
      model: "opus",
      duration_ms: 60_000,
      duration_api_ms: null,
      num_turns: 3,
      stop_reason: "end_turn",
      session_id: id,
      total_cost_usd: 0.1,
      usage: null,
      model_usage: null,
      permission_denials: [],
      fast_mode_state: null,
      uuid: null,
    };
    yield {
      ...queuedRecord(id, request, createdMs),
      ...outcomeFields({ status: "done", answer }, createdMs + 60_000),
      delivered: 1,
    };
  }
}
