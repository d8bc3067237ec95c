// A raw MCP client over pipes, for tests that kill what real clients would not: it
// knows the pids of host, worker and runners and keeps every answer by request id.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dir, "../..");
export const binary = join(root, "dist/phone-opus");

const answerSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.looseObject({ message: z.string().optional() }).optional(),
  result: z
    .looseObject({
      isError: z.boolean().optional(),
      content: z.array(z.looseObject({ text: z.string() })).optional(),
      structuredContent: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});
export type Answer = z.infer<typeof answerSchema>;

export interface OpenCall {
  readonly id: number;
  /** Undefined as long as there is none. */
  readonly received: () => Answer | undefined;
  readonly answer: Promise<Answer>;
}

export interface ChaosSession extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the response to this request. */
  call(name: string, arguments_: object): Promise<Answer>;
  /** The same, for a call whose answer nobody will wait for. */
  ask(name: string, arguments_: object): void;
  /** The same, with the request's id, to cancel it by. */
  begin(name: string, arguments_: object): OpenCall;
  notify(method: string, params: object): Promise<void>;
  /** Responses to requests that were answered before. */
  duplicates(): number;
  workerPids(): number[];
  endInput(): void;
  readonly exited: Promise<number>;
}

export async function startSession(
  environment: Record<string, string>,
  cwd: string,
): Promise<ChaosSession> {
  const child = Bun.spawn([binary, "mcp", "serve"], {
    cwd,
    env: environment,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
    detached: true,
  });
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  let id = 0;
  let duplicates = 0;
  const reading = (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(
        "\n",
      );
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const message = answerSchema.parse(JSON.parse(line));
        if (typeof message.id === "number" && message.method === undefined) {
          if (!pending.has(message.id)) duplicates += 1;
          pending.get(message.id)?.resolve(message);
          pending.delete(message.id);
        }
      }
    }
    for (const { reject } of pending.values()) {
      reject(new Error("the host ended without an answer"));
    }
  })();
  const send = async (message: object) => {
    await child.stdin.write(`${JSON.stringify(message)}\n`);
    await child.stdin.flush();
  };
  const begin = (method: string, params: object): OpenCall => {
    id += 1;
    const answer = Promise.withResolvers<Answer>();
    pending.set(id, answer);
    let received: Answer | undefined;
    // Whoever does not wait for it is not told that it never came.
    answer.promise.then(
      (message) => void (received = message),
      () => {},
    );
    send({ jsonrpc: "2.0", id, method, params }).catch(answer.reject);
    return { id, answer: answer.promise, received: () => received };
  };
  const request = (method: string, params: object) =>
    begin(method, params).answer;
  await request("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "claude-code", version: "0" },
  });
  await send({ jsonrpc: "2.0", method: "notifications/initialized" });
  return {
    pid: child.pid,
    call: (name, arguments_) =>
      request("tools/call", { name, arguments: arguments_ }),
    ask: (name, arguments_) =>
      void begin("tools/call", { name, arguments: arguments_ }),
    begin: (name, arguments_) =>
      begin("tools/call", { name, arguments: arguments_ }),
    notify: (method, params) => send({ jsonrpc: "2.0", method, params }),
    duplicates: () => duplicates,
    workerPids: () => childrenOf(child.pid),
    endInput: () => void child.stdin.end(),
    exited: child.exited,
    [Symbol.asyncDispose]: async () => {
      void child.stdin.end();
      await child.exited;
      await reading;
    },
  };
}

interface Status {
  readonly pid: number;
  readonly parent: number;
  readonly isZombie: boolean;
}

function statuses(): Status[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return [
        {
          pid: Number(name),
          parent: Number(parent),
          isZombie: state === "Z",
        },
      ];
    } catch {
      return [];
    }
  });
}

export function childrenOf(pid: number): number[] {
  return statuses()
    .filter((status) => status.parent === pid && !status.isZombie)
    .map((status) => status.pid);
}

/**
 * Everything alive that belongs to this state directory: hosts, workers, runners,
 * fakes and what they started all carry it, or a run's marker, in their environment.
 */
export function survivors(stateHome: string): number[] {
  return statuses()
    .filter(({ isZombie, pid }) => !isZombie && pid !== process.pid)
    .map(({ pid }) => pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8")
          .split("\0")
          .includes(`XDG_STATE_HOME=${stateHome}`);
      } catch {
        return false;
      }
    });
}

/** Resolves when the condition holds; rejects after `ms` with what was awaited. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms: number,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await Bun.sleep(20);
  }
}

/** Numbers in [0, 1) from a seed, the same each time (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
