/** What the whole demo measured. */
import { durationText } from "./duration-text.ts";
import type { Outcome } from "./incident.ts";

export interface Totals {
  readonly asked: number;
  readonly lost: number;
  /** How often a host took the VIP. */
  readonly transitions: number;
  /** How long the client itself, at worst, asked nothing: measurements are as exact as that. */
  readonly clientPauseMs: number;
}

export function summary(outcomes: readonly Outcome[], totals: Totals): string[] {
  const byWay = Map.groupBy(outcomes, ({ way }) => way.name);
  const rows = [...byWay].map(([name, list]) => {
    const silences = list.map(({ silenceMs }) => silenceMs).toSorted((a, b) => a - b);
    const lost = sum(list.map((outcome) => outcome.lost));
    return [name, list.length, durationText(median(silences)), durationText(silences.at(-1) ?? 0), lost];
  });
  const outside = totals.lost - sum(outcomes.map(({ lost }) => lost));
  return [
    ...(rows.length === 0 ? [] : [["", "times", "median silence", "worst", "lost"], ...rows].map(align)),
    "",
    `The client asked ${totals.asked} times and lost ${totals.lost}, ${outside} of them outside of the above.`,
    `The VIP moved ${totals.transitions} times. The client itself paused for ${durationText(totals.clientPauseMs)} at worst.`,
  ];
}

function align([name = "", ...numbers]: readonly (string | number)[]): string {
  const widths = [5, 14, 8, 5];
  const cells = numbers.map((number, index) => String(number).padStart(widths[index] ?? 0));
  return [String(name).padEnd(30), ...cells].join("  ");
}

/** Of a sorted list that is not empty. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
