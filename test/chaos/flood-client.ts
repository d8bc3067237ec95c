// A client that writes raw bytes and reads when it pleases, for floods and garbage.

import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { errorCode } from "../../src/base/json.ts";
import { createLineDecoder } from "../../src/base/lines.ts";
import { binary } from "./session.ts";

const messageSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).nullable().optional(),
  kind: z.string().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
export type Message = z.infer<typeof messageSchema>;

export interface RawProcess extends AsyncDisposable {
  readonly pid: number;
  readonly exitCode: () => number | null;
  /** Resolves when the system has taken the bytes. One at a time. */
  send(bytes: string | Uint8Array): Promise<void>;
  /** How many bytes the system has taken; of these a pipe holds 64 KiB. */
  taken(): number;
  /** From now on everything is read; each message is handed over once. */
  read(onMessage: (message: Message) => void): void;
}

export function startRaw(
  words: readonly string[],
  environment: Record<string, string>,
  cwd: string,
  command = binary,
): RawProcess {
  // Pipes of our own: Bun would take any amount into its memory, both ways.
  const directory = mkdtempSync(join(tmpdir(), "phone-opus-flood-"));
  const stdin = join(directory, "stdin");
  const stdout = join(directory, "stdout");
  Bun.spawnSync(["mkfifo", stdin, stdout]);
  const theirs = [openSync(stdin, "r+"), openSync(stdout, "r+")] as const;
  const writer = openSync(stdin, constants.O_WRONLY | constants.O_NONBLOCK);
  const source = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
  let taken = 0;
  let isOver = false;
  const child = Bun.spawn([command, ...words], {
    cwd,
    env: environment,
    stdin: theirs[0],
    stdout: theirs[1],
    stderr: "ignore",
  });
  for (const descriptor of theirs) closeSync(descriptor);
  let reading: Promise<void> | undefined;
  const read = async (onMessage: (message: Message) => void) => {
    const decoder = createLineDecoder(1 << 30);
    const buffer = Buffer.alloc(1 << 16);
    for (;;) {
      const length = attempt(() => readSync(source, buffer));
      if (length === 0) return;
      if (length === undefined) await Bun.sleep(1);
      for (const frame of decoder.push(buffer.subarray(0, length ?? 0))) {
        // Whatever was sent, what comes back is whole lines of JSON.
        if (frame.kind !== "line") throw new Error(`a ${frame.kind} line`);
        onMessage(messageSchema.parse(JSON.parse(frame.text)));
      }
    }
  };
  return {
    pid: child.pid,
    exitCode: () => child.exitCode,
    send: async (content) => {
      const bytes = Buffer.from(content);
      for (let at = 0; at < bytes.length && !isOver;) {
        const from = at;
        const written = attempt(() => writeSync(writer, bytes, from));
        at += written ?? 0;
        taken += written ?? 0;
        if (written === undefined) await Bun.sleep(1);
      }
    },
    taken: () => taken,
    read: (onMessage) => {
      reading = read(onMessage);
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      child.kill("SIGKILL");
      await child.exited;
      await reading;
      closeSync(writer);
      closeSync(source);
      rmSync(directory, { recursive: true });
    },
  };
}

export const request = (id: string | number, method: string, params = {}) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;

export const opening =
  request("initialize", "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "flood", version: "0" },
  }) + `{"jsonrpc":"2.0","method":"notifications/initialized"}\n`;

export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) * 1024;
}

/** Undefined when the pipe is full, or empty. */
function attempt(operation: () => number): number | undefined {
  try {
    return operation();
  } catch (error) {
    if (errorCode(error) === "EAGAIN") return undefined;
    throw error;
  }
}
