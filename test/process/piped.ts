// A program that speaks lines over its stdin and stdout, as a test drives it: the
// worker and the host alike. Its stdout is kept as it came.

import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The two ways to start phone-opus. */
export const compiled: readonly string[] = [join(root, "dist/phone-opus")];
export const fromSource: readonly string[] = [
  process.execPath,
  join(root, "src/main.ts"),
];

export interface Piped extends AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<number>;
  /** Complete lines of stdout so far. */
  lines(): readonly string[];
  /** What stands behind the last line feed once stdout has ended. */
  rest(): Promise<string>;
  stderr(): string;
  write(bytes: string | Uint8Array): Promise<void>;
  send(message: unknown): Promise<void>;
  closeStdin(): void;
  kill(signal: NodeJS.Signals): void;
}

export function startPiped(options: {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}): Piped {
  const child = Bun.spawn([...options.command], {
    cwd: options.cwd,
    env: { ...options.environment },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const out = gather(child.stdout);
  const err = gather(child.stderr);
  const write = async (bytes: string | Uint8Array) => {
    await child.stdin.write(bytes);
    await child.stdin.flush();
  };
  return {
    pid: child.pid,
    exited: child.exited,
    lines: out.lines,
    rest: async () => {
      await out.ended;
      return out.rest();
    },
    stderr: () => [...err.lines(), err.rest()].join("\n"),
    write,
    send: (message) => write(`${JSON.stringify(message)}\n`),
    closeStdin: () => void child.stdin.end(),
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
        await child.exited;
        clearTimeout(timer);
      }
    },
  };
}

function gather(stream: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  const lines: string[] = [];
  let pieces: string[] = [];
  const ended = (async () => {
    for await (const bytes of stream) {
      const [first = "", ...others] = decoder
        .decode(bytes, { stream: true })
        .split("\n");
      pieces.push(first);
      for (const other of others) {
        lines.push(pieces.join(""));
        pieces = [other];
      }
    }
  })();
  return { lines: () => lines, rest: () => pieces.join(""), ended };
}
