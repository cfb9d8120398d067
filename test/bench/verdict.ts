/** How a contender did: its figures, its ratio to the baseline, and whether that is what it was to reach. */
import type { Contender, Target } from "./figure.ts";
import type { ContenderResult, FigureResult } from "./runner.ts";
import { type Summary, summarize } from "./statistics.ts";

export interface Verdict {
  readonly contender: Contender;
  readonly summary: Summary;
  /** Of the medians; undefined for the baseline itself, and where there is none. */
  readonly ratio: number | undefined;
  /** Undefined where there is nothing to reach. */
  readonly isReached: boolean | undefined;
}

export function judge({ results }: FigureResult): Verdict[] {
  const summaries = results.map(({ measurements }) => summarize(measurements.map(({ value }) => value)));
  const baseline = summaries[results.findIndex(({ contender }) => contender.name === "baseline")];
  return results.map((result, index) => {
    const { contender } = result;
    const summary = summaries[index]!;
    const isCompared = baseline !== undefined && summary !== baseline;
    const ratio = isCompared ? summary.median / baseline.median : undefined;
    return { contender, summary, ratio, isReached: isReached(result, summary, ratio) };
  });
}

function isReached(
  result: ContenderResult,
  { median }: Summary,
  ratio: number | undefined,
): boolean | undefined {
  const { target } = result.contender;
  if (target === undefined) return undefined;
  const { atMost = Number.POSITIVE_INFINITY, ratio: highest } = target;
  const isRatioKept = highest === undefined || (ratio !== undefined && ratio <= highest);
  return median <= atMost && isRatioKept && areNotesKept(result, target);
}

function areNotesKept({ measurements }: ContenderResult, { notes: highest = {} }: Target): boolean {
  return measurements.every(({ notes = {} }) =>
    Object.entries(highest).every(([name, atMost]) => (notes[name] ?? Number.NaN) <= atMost),
  );
}
