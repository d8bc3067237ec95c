// Asks a program one short question: bounded in time and in what it may print.

import { describeError } from "../base/json.ts";
import { systemClock } from "./clock.ts";
import { sendSignal } from "./processes.ts";

export interface CaptureRequest {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export type Captured =
  | { readonly ok: true; readonly code: number; readonly stdout: Uint8Array }
  /** It could not be started, was too slow, said too much, or was killed. */
  | { readonly ok: false; readonly reason: string };

export type Capture = (request: CaptureRequest) => Promise<Captured>;

export const capture: Capture = async (request) => {
  let takeBackEnd = () => {};
  try {
    const child = Bun.spawn([...request.command], {
      cwd: request.cwd,
      env: { ...request.environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      detached: true,
    });
    const reader = child.stdout.getReader();
    const end = () => {
      // Its whole group: what a script has started may be what hangs.
      sendSignal(-child.pid, "SIGKILL");
      // Even so somebody may be left who holds the pipe open.
      void reader.cancel();
    };
    takeBackEnd = systemClock.after(request.timeoutMs, end);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      if (bytes > request.maxBytes) {
        end();
        return { ok: false, reason: `more than ${request.maxBytes} bytes` };
      }
      chunks.push(value);
    }
    await child.exited;
    if (child.exitCode === null) {
      return { ok: false, reason: `ended by ${String(child.signalCode)}` };
    }
    return { ok: true, code: child.exitCode, stdout: Buffer.concat(chunks) };
  } catch (error) {
    return { ok: false, reason: describeError(error) };
  } finally {
    takeBackEnd();
  }
};
