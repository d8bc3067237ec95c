// Asks a program one short question: bounded in time and in what it may print.

import { describeError } from "../base/json.ts";

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
  try {
    const child = Bun.spawn([...request.command], {
      cwd: request.cwd,
      env: { ...request.environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: request.timeoutMs,
      killSignal: "SIGKILL",
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const reader = child.stdout.getReader();
    // What the program started may hold its standard output open for ever.
    AbortSignal.timeout(request.timeoutMs).addEventListener(
      "abort",
      () => void reader.cancel(),
    );
    for (;;) {
      const { done, value: chunk } = await reader.read();
      if (done) break;
      bytes += chunk.length;
      if (bytes > request.maxBytes) {
        child.kill("SIGKILL");
        return { ok: false, reason: `more than ${request.maxBytes} bytes` };
      }
      chunks.push(chunk);
    }
    await child.exited;
    if (child.exitCode === null) {
      return { ok: false, reason: `ended by ${String(child.signalCode)}` };
    }
    return { ok: true, code: child.exitCode, stdout: Buffer.concat(chunks) };
  } catch (error) {
    return { ok: false, reason: describeError(error) };
  }
};
