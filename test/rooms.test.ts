// The walls between the rooms of src/ (design §3), read from the import lines as
// text: a type import crosses a wall as much as any other.

import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";

const source = join(import.meta.dir, "../src");

const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  sys: ["base"],
  wire: ["base"],
  supervise: ["base"],
  tools: ["base"],
  render: ["base", "tools"],
  consult: ["base", "sys", "tools"],
  telemetry: ["base", "sys", "tools"],
  sandbox: ["base", "sys"],
  claude: ["base", "sys", "consult", "sandbox"],
  "messages-api": ["sys"],
  prove: ["base", "sys", "messages-api"],
  runner: ["base", "sys", "consult", "sandbox", "claude"],
  worker: [
    "base",
    "sys",
    "wire",
    "tools",
    "render",
    "telemetry",
    "consult",
    "sandbox",
    "claude",
  ],
  host: [
    "base",
    "sys",
    "wire",
    "supervise",
    "tools",
    "render",
    "telemetry",
    "consult",
    "sandbox",
  ],
  cli: [
    "base",
    "sys",
    "wire",
    "supervise",
    "tools",
    "render",
    "telemetry",
    "consult",
    "sandbox",
    "claude",
    "runner",
    "host",
    "prove",
  ],
};

interface ImportLine {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

async function importLines(): Promise<ImportLine[]> {
  const lines: ImportLine[] = [];
  for (const file of new Bun.Glob("**/*.ts").scanSync(source)) {
    const text = await Bun.file(join(source, file)).text();
    for (const match of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      const path = relative(
        source,
        join(source, dirname(file), match[1] ?? ""),
      );
      lines.push({
        file,
        room: file.includes("/") ? (file.split("/")[0] ?? "") : "main",
        target: path.split("/")[0] ?? "",
      });
    }
  }
  return lines;
}

test("every room has its row in the table", async () => {
  const rooms = new Set((await importLines()).map(({ room }) => room));
  rooms.delete("main");
  expect([...rooms].filter((room) => !(room in mayImport))).toEqual([]);
});

test("imports go only where the table lets them", async () => {
  const lines = await importLines();
  expect(lines.length).toBeGreaterThan(50);
  const offences = lines.filter(
    ({ room, target }) =>
      room !== "main" &&
      target !== room &&
      !(mayImport[room] ?? []).includes(target),
  );
  expect(offences).toEqual([]);
});

test("only the command line loads citty and consola", async () => {
  const offences: string[] = [];
  for (const file of new Bun.Glob("**/*.ts").scanSync(source)) {
    const text = await Bun.file(join(source, file)).text();
    if (/from "(citty|consola)"/.test(text) && !file.startsWith("cli/")) {
      offences.push(file);
    }
  }
  expect(offences).toEqual([]);
});
