// Processes that do the same at the same moment. All are loaded before the first one
// begins, and none ends before the last one is done.

import { join } from "node:path";

/** What each of them said, in the order in which they were started. */
export async function race(
  fixture: string,
  words: readonly string[],
  count: number,
): Promise<unknown[]> {
  const racers = Array.from({ length: count }, () =>
    Bun.spawn([process.execPath, join(import.meta.dir, fixture), ...words], {
      stdin: "pipe",
      stderr: "inherit",
    }),
  );
  try {
    const lines = racers.map((racer) => linesOf(racer.stdout));
    for (const line of lines) await nextLine(line);
    for (const racer of racers) {
      void racer.stdin.write("go\n");
      void racer.stdin.flush();
    }
    const said: unknown[] = [];
    for (const line of lines) said.push(JSON.parse(await nextLine(line)));
    for (const racer of racers) void racer.stdin.end();
    await Promise.all(racers.map((racer) => racer.exited));
    return said;
  } finally {
    for (const racer of racers) racer.kill("SIGKILL");
    await Promise.all(racers.map((racer) => racer.exited));
  }
}

async function* linesOf(output: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of output) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function nextLine(lines: AsyncGenerator<string>): Promise<string> {
  const line = await lines.next();
  if (line.done === true) throw new Error("a racer ended too early");
  return line.value;
}

/** For the racers: works when it is told, says the result, and stays. */
export async function runRacer(work: () => unknown): Promise<void> {
  const input = Bun.stdin.stream().getReader();
  process.stdout.write("ready\n");
  await input.read();
  process.stdout.write(`${JSON.stringify(work())}\n`);
  while (!(await input.read()).done);
}
