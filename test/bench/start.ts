// How long until a client hears from us: from the start of `mcp serve` to the answer to `initialize`, over the start
// of a compiled program that prints one word.

import { join } from "node:path";
import { type Figure, figure, pairedFigures } from "./figures.ts";
import { interleaved, type Place } from "./place.ts";

export async function measureStart(
  place: Place,
  rounds: number,
): Promise<Figure[]> {
  const hello = await buildHello(place.directory);
  const environment = place.environment("answers");
  const [serve = [], trivial = []] = await interleaved(rounds, [
    () => firstLine([place.binary, "mcp", "serve"], initialize, environment),
    () => firstLine([hello], "", environment),
  ]);
  return [
    figure("a compiled hello, start to first line", "ms", trivial),
    ...pairedFigures("mcp serve, start to initialize", serve, "hello", trivial),
  ];
}

const initialize = `${JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "phone-opus-bench", version: "1.0.0" },
  },
})}\n`;

/** Milliseconds from the start to the end of the first line; the program is gone when this resolves. */
async function firstLine(
  command: readonly string[],
  input: string,
  environment: Record<string, string>,
): Promise<number> {
  const startedMs = performance.now();
  await using child = Bun.spawn([...command], {
    env: environment,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  await child.stdin.write(input);
  await child.stdin.flush();
  let heard = "";
  let tookMs: number | undefined;
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    heard += decoder.decode(bytes, { stream: true });
    if (tookMs !== undefined || !heard.includes("\n")) continue;
    tookMs = performance.now() - startedMs;
    await child.stdin.end();
  }
  await child.exited;
  if (tookMs === undefined) {
    throw new Error(`${command.join(" ")} ended without a line`);
  }
  return tookMs;
}

async function buildHello(directory: string): Promise<string> {
  const source = join(directory, "hello.ts");
  const outfile = join(directory, "hello");
  await Bun.write(source, 'console.log("hello");\n');
  await Bun.build({
    entrypoints: [source],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    compile: { outfile },
  });
  return outfile;
}
