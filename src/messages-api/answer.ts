// One step of a script as an HTTP answer: status, headers, the paced stream, and the two ways of not answering.
// Every wait ends as soon as `gone` says that nobody listens any more.

import { type Clock, sleep } from "../sys/clock.ts";
import { errorOf, eventsOf, messageOf } from "./message.ts";
import type { StreamEvent } from "./message.ts";
import type { RecordedRequest } from "./request.ts";
import type { Step } from "./script.ts";

export async function answer(
  step: Step,
  request: RecordedRequest,
  serial: number,
  gone: AbortSignal,
  clock: Clock,
): Promise<Response> {
  const headers = {
    "request-id": "req_scripted",
    ...("headers" in step ? step.headers : {}),
  };
  switch (step.kind) {
    case "error":
      return Response.json(errorOf(step.type, step.message), {
        status: step.status,
        headers,
      });
    case "hang":
      return await hang(gone);
    case "text":
    case "tool":
    case "stall": {
      if (step.delayMs !== undefined) await sleep(clock, step.delayMs, gone);
      const { model, stream } = request.body;
      if (stream) {
        const body = streamOf(
          eventsOf(step, model, serial),
          step.chunkDelayMs,
          step.kind === "stall",
          gone,
          clock,
        );
        return new Response(body, {
          headers: { ...headers, "content-type": "text/event-stream" },
        });
      }
      return step.kind === "stall"
        ? await hang(gone)
        : Response.json(messageOf(step, model, serial), { headers });
    }
  }
}

function streamOf(
  events: readonly StreamEvent[],
  chunkDelayMs: number | undefined,
  open: boolean,
  gone: AbortSignal,
  clock: Clock,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      const event = events[next];
      next += 1;
      if (event === undefined) {
        if (open) {
          await aborted(gone);
        }
        controller.close();
        return;
      }
      if (event.paced && chunkDelayMs !== undefined) {
        await sleep(clock, chunkDelayMs, gone);
      }
      controller.enqueue(
        encoder.encode(
          `event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`,
        ),
      );
    },
  });
}

async function hang(gone: AbortSignal): Promise<Response> {
  await aborted(gone);
  return Response.json(errorOf("api_error", "Stopped"), { status: 503 });
}

async function aborted(gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  gone.addEventListener("abort", () => resolve(), { once: true });
  if (gone.aborted) {
    resolve();
  }
  await promise;
}
