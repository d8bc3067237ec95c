// A channel without a process for the tests beside this file: what it sent, what it
// complained of, a mouth for its worker, and what both say.

import { faultRecord } from "../../src/base/fault.ts";
import { consultIdSchema, generationSchema } from "../../src/base/ids.ts";
import { createWorkerChannel } from "../../src/wire/channel.ts";
import type {
  Accepted,
  ToHost,
  WireOutcome,
  WireProgress,
} from "../../src/wire/messages.ts";

export const consultId = consultIdSchema.parse(`c_${"a".repeat(32)}`);
export const owner = { pid: 4241, start_time: "81234" };
export const generation = generationSchema.parse(3);

export const success = (result: unknown): WireOutcome => ({
  status: "success",
  result,
});

export const answer = (id: number, result: unknown): ToHost => ({
  kind: "answer",
  id,
  outcome: success(result),
});

export const lost = (detail: string): WireOutcome => ({
  status: "fault",
  fault: faultRecord({
    code: "transport_failure",
    stage: "transport",
    operation: "tools/call:consult",
    generation,
    detail,
  }),
});

export function open(maxLineBytes = 1 << 20) {
  const sent: string[] = [];
  const complaints: string[] = [];
  const accepted: [number, Accepted][] = [];
  const progress: [number, WireProgress][] = [];
  const channel = createWorkerChannel({
    generation,
    maxLineBytes,
    send: (line) => sent.push(line),
    onComplaint: (detail) => complaints.push(detail),
  });
  return {
    ...channel,
    sent,
    complaints,
    accepted,
    progress,
    ask: (id: number) =>
      channel.execute(
        {
          kind: "execute",
          id,
          operation: "consult",
          consult_id: consultId,
          arguments: { prompt: `Question ${id}` },
          owner,
        },
        {
          onAccepted: (message) => accepted.push([id, message]),
          onProgress: (sign) => progress.push([id, sign]),
        },
      ),
    hear: (message: ToHost) =>
      channel.receive(Buffer.from(`${JSON.stringify(message)}\n`)),
    hearText: (text: string) => channel.receive(Buffer.from(text)),
  };
}
