// Standard output as a list of lines, for a host that runs inside the test.

import type { LineOutput } from "../../src/sys/output.ts";

export interface MemoryOutput extends LineOutput {
  readonly lines: string[];
  /** Each line as the JSON it is. */
  messages(): unknown[];
}

export function memoryOutput(): MemoryOutput {
  const lines: string[] = [];
  return {
    lines,
    messages: () => lines.map((line): unknown => JSON.parse(line)),
    writeLine: (line) => {
      lines.push(line);
      return Promise.resolve(true);
    },
    flushed: () => Promise.resolve(),
    owed: () => 0,
  };
}
