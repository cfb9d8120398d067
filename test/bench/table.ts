/** The results as a Markdown table, which also reads well in a terminal. */
import type { Target } from "./figure.ts";
import { formatRatio, formatValue } from "./format.ts";
import type { FigureResult } from "./runner.ts";
import { judge, type Verdict } from "./verdict.ts";

const HEAD = [
  "figure",
  "unit",
  "",
  "median",
  "lowest",
  "highest",
  "runs",
  "to baseline",
  "target",
  "reached",
];

/** A row for each contender of each figure, in columns of equal width. */
export function tableOf(results: readonly FigureResult[]): string {
  const rows = results.flatMap((result) =>
    judge(result).map((verdict, index) => [
      ...(index === 0 ? [result.figure.title, result.figure.unit] : ["", ""]),
      ...cellsOf(verdict),
    ]),
  );
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length), 3));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(HEAD), line(rule), ...rows.map(line)].join("\n");
}

function cellsOf({ contender, summary, ratio, isReached }: Verdict): string[] {
  const { count, median, min, max } = summary;
  return [
    contender.name,
    ...[median, min, max].map(formatValue),
    String(count),
    ratio === undefined ? "" : formatRatio(ratio),
    contender.target === undefined ? "" : targetText(contender.target),
    isReached === undefined || count === 0 ? "" : isReached ? "yes" : "**no**",
  ];
}

function targetText({ atMost, ratio, notes = {} }: Target): string {
  const parts = [
    ...(ratio === undefined ? [] : [`≤ ${formatRatio(ratio)}`]),
    ...(atMost === undefined ? [] : [`≤ ${formatValue(atMost)}`]),
    ...Object.entries(notes).map(([name, highest]) => `${name} ≤ ${highest}`),
  ];
  return parts.join(", ");
}
