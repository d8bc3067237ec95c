// What the benchmark says: figures with a unit and a number of runs, as a table or as JSON. Pure but for printing.

export interface Figure {
  readonly what: string;
  readonly unit: "ms" | "ratio" | "MB";
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p99?: number;
}

/** Median with extremes. `withP99` where there are enough runs to speak of it. */
export function figure(
  what: string,
  unit: Figure["unit"],
  values: readonly number[],
  withP99 = false,
): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    what,
    unit,
    n: sorted.length,
    median: round(quantile(sorted, 0.5)),
    min: round(sorted[0] ?? NaN),
    max: round(sorted.at(-1) ?? NaN),
    ...(withP99 ? { p99: round(quantile(sorted, 0.99)) } : {}),
  };
}

/** Two rows of runs, taken in turn: each alone, and the ratio of each pair. */
export function pairedFigures(
  what: string,
  values: readonly number[],
  over: string,
  baseline: readonly number[],
): Figure[] {
  const pairs = values.map((value, run) => [value, baseline[run] ?? NaN]);
  return [
    figure(what, "ms", values),
    figure(
      `${what} over ${over}`,
      "ratio",
      pairs.map(([value = NaN, base = NaN]) => value / base),
    ),
    figure(
      `${what} minus ${over}`,
      "ms",
      pairs.map(([value = NaN, base = NaN]) => value - base),
    ),
  ];
}

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((each) => [
    each.what,
    each.unit,
    String(each.n),
    format(each, each.median),
    `${format(each, each.min)}–${format(each, each.max)}`,
    each.p99 === undefined ? "" : format(each, each.p99),
  ]);
  const all = [["figure", "unit", "n", "median", "min–max", "p99"], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column < 2
            ? cell.padEnd(widths[column] ?? 0)
            : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function format({ unit }: Figure, value: number): string {
  return value.toFixed(unit === "ratio" ? 2 : 1);
}

function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.max(0, rank)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
