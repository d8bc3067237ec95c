// How the demo prints: one row for each thing that went over a hop, in three aligned columns.

export type Hop =
  | "client → host"
  | "host → worker"
  | "worker → runner"
  | "runner → Claude"
  | "Claude → API"
  | "API → Claude"
  | "Claude → runner"
  | "host → client"
  | "";

const widths = { hop: 17, what: 27, line: 112 };

/** Prints a row; a long detail goes on below itself. */
export function row(hop: Hop, what: string, detail = ""): void {
  const head = hop.padEnd(widths.hop) + what.padEnd(widths.what);
  const indent = " ".repeat(widths.hop + widths.what);
  const lines = wrapped(detail, widths.line - indent.length);
  console.log(
    lines
      .map((line, index) => (index === 0 ? head : indent) + line)
      .join("\n")
      .trimEnd(),
  );
}

/** Text as it is, below a row. */
export function block(text: string): void {
  const indent = " ".repeat(widths.hop);
  console.log(
    text
      .split("\n")
      .map((line) => indent + line)
      .join("\n"),
  );
}

/** An empty line and what the next rows are about. */
export function section(title: string): void {
  console.log(`\n${title}`);
}

function wrapped(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines = [""];
    for (const word of paragraph.split(" ")) {
      const line = lines.at(-1) ?? "";
      if (line === "") lines[lines.length - 1] = word;
      else if (line.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = `${line} ${word}`;
    }
    return lines;
  });
}

/** At most `length` characters, on one line: by default what fits into the last column. */
export function clip(text: string, length = 68): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
