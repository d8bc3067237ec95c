// Consults that are over: their spool with an outcome in it.

import type { ConsultId } from "../../src/base/ids.ts";
import { answerFrom } from "../../src/consult/answer.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import { fullReply } from "../consult/samples.ts";
import { failed, request, type Scene } from "../consult/scene.ts";

/** With this response, or failed where there is none. */
export function writeOutcome(
  place: Scene,
  response: string | undefined,
): ConsultId {
  const { id } = place.spool();
  spoolAt(place.consults, id).recordOutcome(
    response === undefined
      ? failed(id)
      : {
          status: "done",
          answer: answerFrom(id, request, { ...fullReply, response }),
        },
  );
  return id;
}
