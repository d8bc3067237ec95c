// A scripted Anthropic Messages API on loopback: answers a real Claude Code step by step, records what it was
// asked, and lets its owner wait for a request or cut everything off.

import { type Clock, systemClock } from "../sys/clock.ts";
import { answer } from "./answer.ts";
import { errorOf } from "./message.ts";
import { isSide, record } from "./request.ts";
import type { RecordedRequest } from "./request.ts";
import { stepOf } from "./script.ts";
import type { Script } from "./script.ts";

export interface MessagesApiOptions {
  /** Answers what Claude Code asks beside the main loop; else a short text. */
  readonly side?: Script;
  readonly clock?: Clock;
}

export interface MessagesApi extends AsyncDisposable {
  /** Base address without a trailing slash, for ANTHROPIC_BASE_URL. */
  readonly url: string;
  /** Main-loop requests to /v1/messages in order, retries included. */
  readonly requests: readonly RecordedRequest[];
  /** Titles, summaries of fetched pages, searches, probes: no step of the script is spent on them. */
  readonly sideRequests: readonly RecordedRequest[];
  /** Everything else, as `METHOD /path`. */
  readonly otherRequests: readonly string[];
  /** How many answers the client walked away from. */
  readonly disconnects: number;
  /** Settles when `count` main-loop requests have come in. */
  readonly received: (count: number) => Promise<void>;
  /** Cuts every connection, hanging ones included. */
  readonly stop: () => Promise<void>;
}

const sideScript: Script = [{ kind: "text", text: "Scripted side answer" }];

export function startMessagesApi(
  script: Script,
  options: MessagesApiOptions = {},
): MessagesApi {
  const requests: RecordedRequest[] = [];
  const sideRequests: RecordedRequest[] = [];
  const otherRequests: string[] = [];
  const waiters = new Set<() => void>();
  const stopping = new AbortController();
  let disconnects = 0;
  let serial = 0;

  async function messages(request: Request): Promise<Response> {
    const recorded = await record(request);
    const side = isSide(recorded);
    const list = side ? sideRequests : requests;
    const index = list.push(recorded) - 1;
    for (const wake of waiters) {
      wake();
    }
    const step = stepOf(
      side ? (options.side ?? sideScript) : script,
      recorded,
      index,
    );
    request.signal.addEventListener("abort", () => {
      disconnects += stopping.signal.aborted ? 0 : 1;
    });
    serial += 1;
    return await answer(
      step,
      recorded,
      serial,
      AbortSignal.any([request.signal, stopping.signal]),
      options.clock ?? systemClock,
    );
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname;
      if (request.method === "POST" && path === "/v1/messages") {
        return await messages(request);
      }
      otherRequests.push(`${request.method} ${path}`);
      if (path === "/v1/messages/count_tokens") {
        return Response.json({ input_tokens: 100 });
      }
      if (path === "/") {
        return new Response(null);
      }
      return Response.json(errorOf("not_found_error", "Not scripted"), {
        status: 404,
      });
    },
  });

  async function stop(): Promise<void> {
    stopping.abort();
    await server.stop(true);
  }

  return {
    url: server.url.origin,
    requests,
    sideRequests,
    otherRequests,
    get disconnects() {
      return disconnects;
    },
    async received(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => {
        if (requests.length >= count) {
          resolve();
        }
      };
      waiters.add(wake);
      wake();
      await promise;
      waiters.delete(wake);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
