/** What came out, as a Markdown table that also reads well in a terminal. */
import { formatValue } from "../bench/format.ts";
import { summarize } from "../bench/statistics.ts";
import type { Variant } from "./case.ts";
import type { Outcome } from "./outcome.ts";
import type { ArmOutcomes } from "./verdict.ts";

const HEAD = [
  "event",
  "setting",
  "events",
  "moved",
  "taken",
  "most",
  "given back",
  "takeover ms",
  "two owners ms",
  "after its end",
  "without owner ms",
];

export interface VariantResult {
  readonly variant: Pick<Variant, "name">;
  readonly arms: readonly ArmOutcomes[];
}

/** A row for each setting of each event. Times without a word are the longest of one event. */
export function resultTable(results: readonly VariantResult[]): string {
  const rows = results.flatMap(({ variant, arms }) =>
    arms.map(({ arm, outcomes }, index) => [index === 0 ? variant.name : "", arm.name, ...cellsOf(outcomes)]),
  );
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length), 3));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(HEAD), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function cellsOf(outcomes: readonly Outcome[]): string[] {
  const sum = (field: "takes" | "returns") => outcomes.reduce((total, outcome) => total + outcome[field], 0);
  const most = (field: "takes" | "twoOwnersMs" | "twoOwnersHealedMs" | "vacantMs") =>
    formatValue(Math.max(0, ...outcomes.map((outcome) => outcome[field])));
  return [
    String(outcomes.length),
    String(outcomes.filter(({ takes, returns }) => takes + returns > 0).length),
    String(sum("takes")),
    most("takes"),
    String(sum("returns")),
    takeoverText(outcomes.flatMap(({ takeoverMs }) => takeoverMs ?? [])),
    most("twoOwnersMs"),
    most("twoOwnersHealedMs"),
    most("vacantMs"),
  ];
}

/** Median, lowest and highest. */
function takeoverText(values: readonly number[]): string {
  if (values.length === 0) return "-";
  const { median, min, max } = summarize(values);
  return `${Math.round(median)} (${Math.round(min)}-${Math.round(max)})`;
}
